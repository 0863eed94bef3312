// The correction of the last live event: "that was wrong", or what it was instead.
import { byId } from "./dom.js";
import { allWords, labelOf, word } from "./names.js";
import { ask } from "./teach_requests.js";

const WAIT_MS = 60_000;
let last = null; // the number of the last event
let asked = ""; // what it was, as it was last said
let busy = 0; // until when, ms, an answer is awaited: a further event would hide it

function tell(text, failed = false) {
  const line = byId("fix-answer");
  line.textContent = text;
  line.hidden = !text;
  line.classList.toggle("failed", failed);
}

function enable(on) {
  for (const button of document.querySelectorAll("#fix button")) button.disabled = !on;
}

// insist: although more would be called wrongly.
function fix(name, insist = false) {
  if (last === null) return;
  asked = name;
  tell("Learning ...");
  byId("fix-insist").hidden = true;
  enable(false);
  busy = performance.now() + WAIT_MS;
  ask({ do: "fix", event: last, name, insist });
}

document.addEventListener("ikem:event", ({ detail }) => {
  if (!byId("fix") || performance.now() < busy) return;
  last = detail.number;
  byId("fix").hidden = false;
  byId("fix-said-label").textContent = word(detail.label);
  byId("fix-insist").hidden = true;
  enable(true);
  tell("");
});
document.addEventListener("ikem:taught", ({ detail }) => {
  if (detail.did !== "fix" || !byId("fix")) return;
  busy = 0;
  tell(detail.said, detail.failed);
  byId("fix-insist").hidden = !detail.worse;
  enable(detail.failed);
  if (!detail.failed) byId("fix-name").value = "";
});
document.addEventListener("focusin", ({ target }) => {
  if (target.id !== "fix-name") return;
  const option = (value) => Object.assign(document.createElement("option"), { value });
  byId("fix-labels").replaceChildren(...allWords().map(option));
});
document.addEventListener("click", ({ target }) => {
  if (target.id === "fix-wrong") fix("");
  if (target.id === "fix-insist") fix(asked, true);
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "fix-form") return;
  event.preventDefault();
  const name = byId("fix-name").value.trim();
  if (name) fix(labelOf(name));
  else byId("fix-name").focus();
});
