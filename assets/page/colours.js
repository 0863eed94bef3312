// Colours of labels and of people, all of one lightness, so that white text on each of them can be read.
import { settings } from "./settings.js";

const PEOPLE = ["#0b7a6c", "#8a4fd0", "#b4541a", "#2667c9", "#b0306a", "#5c7000"];
const taught = []; // labels that are none of the model's, each keeps its colour for as long as the page is open

export function tint(label) {
  if (label === "idle") return "oklch(0.55 0.02 230)";
  const own = settings.labels.indexOf(label);
  if (own < 0 && !taught.includes(label)) taught.push(label);
  const place = own < 0 ? settings.labels.length + taught.indexOf(label) : own;
  return `oklch(0.54 0.11 ${(180 + place * 137.5) % 360})`;
}

export const personTint = (person) => PEOPLE[person % PEOPLE.length];
