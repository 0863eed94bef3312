// What labels, people and scores are called.
import { settings } from "./settings.js";

let taught = new Set(); // labels that the visitor taught: those are called as they named them

export const setTaught = (labels) => { taught = new Set(labels); };
export const word = (label) => (!taught.has(label) && Object.hasOwn(settings.words, label) ? settings.words[label] : label);
export const personName = (person) => `Person ${person + 1}`; // files count from 0, people from 1
export const percent = (score) => `${Math.round(score * 100)}%`;
export const times = (count) => (typeof count !== "number" ? "" : `\u00d7 ${count}`); // how often; null where it is not counted
