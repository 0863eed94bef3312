// The recogniser in this browser: a worker for the pose, one for the graph and one for the stream and what is taught.
import { AskedWorker } from "./asked_worker.js";
import { pictureOf } from "./posting.js";
import { bytesAt } from "./served.js";
import { cardOf } from "../web/recogniser_file.js";

const LOOK_MS = 30_000; // a picture that takes longer never will be done; the first one takes longest
const TRIAL_MS = 2000, WARM = 3; // of pictures; the first ones are slower

export class Here {
  #pose;
  #student;
  #session;
  #graphics = false; // whether the pose may be quicker on a graphics processor

  // addresses: of the recogniser's files, by their names in the settings; relative to the page.
  constructor(addresses) {
    this.addresses = Object.fromEntries(Object.entries(addresses).map(([name, at]) => [name, new URL(at, document.baseURI).href]));
    this.isEnded = false;
  }

  // Loads everything; throws an Error for the visitor, with the kind "memory" where that was it.
  async load() {
    this.#pose = new AskedWorker(new Worker(new URL("./pose_worker.js", import.meta.url), { type: "module" }));
    this.#student = new AskedWorker(new Worker(new URL("./student_worker.js", import.meta.url), { type: "module" }));
    this.#session = new AskedWorker(new Worker(new URL("./session_worker.js", import.meta.url), { type: "module" }));
    const { addresses } = this, card = cardOf(new TextDecoder().decode(await bytesAt(addresses.card)));
    const { port1, port2 } = new MessageChannel();
    const all = [
      this.#pose.ask("load", { addresses, card }),
      this.#student.ask("load", { addresses, card, port: port1 }, [port1]),
      this.#session.ask("load", { addresses, card, port: port2, name: `here ${Date.now()}` }, [port2]),
    ];
    const [{ graphics }] = await Promise.all(all);
    this.#graphics = graphics;
  }

  // Whether there is more than one way to try.
  get hasWays() {
    return this.#graphics;
  }

  // Tries how many pictures of the video a second the pose manages and takes the quicker way; may: whether to go on.
  // Gives the rate, null where the video ended.
  async trial(video, may) {
    const ways = this.#graphics ? ["CPU", "GPU"] : ["CPU"], rates = new Map();
    for (const way of ways) {
      if (way !== "CPU") await this.#pose.ask("begin", { way }).catch(() => null);
      rates.set(way, await this.#rate(video, TRIAL_MS / ways.length, may).catch((error) => (way === "CPU" ? Promise.reject(error) : 0)));
      if (!may()) return null;
    }
    const [best, rate] = [...rates].reduce((a, b) => (b[1] > a[1] ? b : a));
    if (best !== ways.at(-1)) await this.#pose.ask("begin", { way: best });
    return rate;
  }

  // What the video shows now, as an answer; null where it shows nothing. `free` is called when the next picture may come.
  async look(video, { taken, sensitivity }, free = () => {}) {
    const found = await this.#found(video, taken);
    free();
    return found && this.#session.ask("frame", { ...found, timeS: taken / 1000, sensitivity });
  }

  teach(asked) {
    return this.#session.ask("teach", { asked });
  }

  finish() {
    return this.#session.ask("finish");
  }

  // Begins to keep landmarks, and gives a promise that it did.
  record() {
    return this.#session.ask("record");
  }

  // Ends that, and gives a promise of the file, null for none.
  recorded() {
    return this.#session.ask("recorded");
  }

  end() {
    this.isEnded = true;
    for (const worker of [this.#pose, this.#student, this.#session]) worker?.end();
  }

  async #found(video, taken) {
    const picture = await pictureOf(video);
    return picture && this.#pose.ask("look", { picture, timeS: taken / 1000 }, [picture], LOOK_MS);
  }

  // Pictures a second, one after another.
  async #rate(video, forMs, may) {
    let seen = 0, start = 0;
    while (may()) {
      const now = performance.now();
      if (seen === WARM) start = now;
      if (seen > WARM && now - start >= forMs) return (1000 * (seen - WARM)) / (now - start);
      if (await this.#found(video, now)) seen += 1;
      else await new Promise((wake) => setTimeout(wake, 50));
    }
    return 0;
  }
}
