// In workers: questions of the page are answered; those of one kind one after another.
// {number, do, ...given} in; {number, value} or {number, failed: {text, kind}} out.

const FULL = /out of memory|memory access|cannot enlarge|could not allocate|OOM/i;
const DAMAGED = "a part of the recogniser came damaged or cut off: load the page again, and if that does not help, " +
  "whoever serves it must copy it anew";

// kind: "memory" where there was not enough, else the error's name. What the makers of WebAssembly say of a file that is
// none (cut off, or a stand-in of Git LFS) is no sentence for a visitor.
function failureOf(error) {
  const text = String(error?.message ?? error), name = error?.name ?? "Error";
  if (error instanceof RangeError || FULL.test(text)) return { text, kind: "memory" };
  return { text: /CompileError|magic (word|number)/.test(`${name} ${text}`) ? DAMAGED : text, kind: name };
}

// deeds: {name: function of what is given, which returns a value or a promise}.
export function answerBy(deeds) {
  const turns = {};
  self.onmessage = ({ data: { number, do: deed, ...given } }) => {
    turns[deed] = (turns[deed] ?? Promise.resolve()).then(async () => {
      try {
        self.postMessage({ number, value: await deeds[deed](given) });
      } catch (error) {
        self.postMessage({ number, failed: failureOf(error) });
      }
    });
  };
}

// Why an address gave nothing: the server's own sentence, where it is one and not some host's page.
async function refusal(answer) {
  const isSentence = answer.headers.get("content-type")?.startsWith("text/plain");
  const said = isSentence ? (await answer.text()).slice(0, 300) : "";
  return said || `the server has no ${new URL(answer.url).pathname.split("/").at(-1)} (${answer.status})`;
}

// The bytes at an address of our own.
export async function bytesAt(address) {
  const answer = await fetch(address).catch(() => null);
  if (!answer) throw new Error("the server was not reached, and a part of the recogniser has not been kept");
  if (!answer.ok) throw new Error(await refusal(answer));
  return answer.arrayBuffer();
}
