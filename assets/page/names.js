// What labels, people and scores are called.
import { settings } from "./settings.js";

let taught = new Set(); // labels that the visitor taught: those are called as they named them

export const setTaught = (labels) => { taught = new Set(labels); };
export const allWords = () => [...Object.keys(settings.words), ...taught].map(word).filter((text, k, all) => all.indexOf(text) === k);
// The label that a visitor means by what they write: one that is known by its words or its name, or a new one.
export const labelOf = (text) => [...taught, ...Object.keys(settings.words)].find((label) =>
  [label, word(label)].some((known) => known.toLowerCase() === text.toLowerCase())) ?? text;
export const word = (label) => (!taught.has(label) && Object.hasOwn(settings.words, label) ? settings.words[label] : label);
export const personName = (person) => `Person ${person + 1}`; // files count from 0, people from 1
export const percent = (score) => `${Math.round(score * 100)}%`;
export const times = (count) => (typeof count !== "number" ? "" : `\u00d7 ${count}`); // how often; null where it is not counted
