// The actions that were taught: a section for each, a small moving skeleton for each of its examples.
// What its buttons do is teach.js's; they carry what is meant in data-clip, or in data-deed and data-name.
import { tint } from "./colours.js";
import { byId } from "./dom.js";
import { setTaught, word } from "./names.js";
import { settings } from "./settings.js";
import { mirrored } from "./stage.js";

const cards = new Map(); // name of a clip -> its element
let names = []; // of the actions

export const isTaught = () => names.length > 0;
export const clipNames = () => [...cards.keys()];

function clip(name, data) {
  const card = document.createElement("li");
  card.className = "clip";
  const picture = document.createElement(data ? "canvas" : "span");
  picture.className = data ? "motion" : "no-motion";
  picture.setAttribute("aria-hidden", "true");
  if (data) {
    const fps = (data.frames - 1) / (settings.window + 1); // half a second more on either side of a window
    Object.assign(picture.dataset, { joints: data.joints, frames: data.frames, fps, ground: "", mirrored: mirrored() ? "1" : "" });
  } else picture.textContent = "?";
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "delete while-idle", textContent: "\u00d7", title: "Delete this example" });
  button.dataset.clip = name;
  card.append(picture, button);
  return card;
}

// count: of all examples, of which these are the newest; odd: numbers of those that the verdict names.
function row(names, clips, title, count = 0, odd = []) {
  const list = document.createElement("ul");
  list.className = "clips";
  list.setAttribute("aria-label", title);
  names.forEach((name, k) => {
    if (!cards.has(name)) cards.set(name, clip(name, clips[name]));
    const card = cards.get(name), number = count - k;
    if (count) card.dataset.number = number;
    card.classList.toggle("odd", odd.includes(number));
    card.querySelector("button").setAttribute("aria-label", `Delete: ${title}${count ? `, number ${number}` : ""}`);
    list.append(card);
  });
  return list;
}

function button(text, deed, name) {
  const element = document.createElement("button");
  Object.assign(element, { type: "button", className: "small-button while-idle", textContent: text });
  Object.assign(element.dataset, { deed, name });
  return element;
}

function section({ name, own, shown, not, count, verdict, good, advice, odd }, clips) {
  const element = document.createElement("section");
  element.className = "taught-action";
  element.innerHTML = '<div class="taught-head"><i class="dot"></i><h3></h3><span class="quiet"></span></div><p class="advice"></p>';
  element.querySelector("i").style.background = tint(name);
  element.querySelector("h3").textContent = own ? `${word(name)} (corrected)` : name;
  element.querySelector("span").textContent = count === 1 ? "1 example" : `${count} examples`;
  const note = element.querySelector("p");
  note.textContent = [verdict, advice].filter(Boolean).map((text) => text.charAt(0).toUpperCase() + text.slice(1)).join(". ");
  note.classList.toggle("good", Boolean(good));
  note.hidden = !note.textContent;
  element.append(row(shown, clips, `example of ${name}`, count, odd));
  if (not.length) {
    const caption = document.createElement("p");
    caption.className = "quiet";
    caption.textContent = "What it is not";
    element.append(caption, row(not, clips, `what ${name} is not`));
  }
  const deeds = document.createElement("div");
  deeds.className = "deeds";
  if (!own) deeds.append(button("Record more", "more", name), button("Record what it is not", "not", name));
  deeds.append(button("Forget", "forget", name));
  element.append(deeds);
  return element;
}

// What the visitor has taught, as the server tells it; of clips, those that the page does not have.
// Gives the names of the actions that were there before.
export function showTaught({ actions, clips, only }) {
  const before = names;
  names = actions.map(({ name }) => name);
  setTaught(actions.filter(({ own }) => !own).map(({ name }) => name));
  const kept = new Set(actions.flatMap(({ shown, not }) => [...shown, ...not]));
  for (const name of cards.keys()) if (!kept.has(name)) cards.delete(name);
  const gone = before.filter((name) => !names.includes(name));
  if (!byId("taught")) return gone; // the tab was not opened yet
  const empty = document.createElement("p");
  empty.className = "quiet none";
  empty.textContent = "None yet. What you teach appears here, one small skeleton for each time you did it.";
  byId("taught").replaceChildren(...(actions.length ? actions.map((action) => section(action, clips)) : [empty]));
  byId("teach-only").checked = only;
  return gone;
}
