// What was said of a movement against what a person says was done; see app/corrections/compare.py. Events are those of
// events.js, of which person, label, startS and endS count.
import { constants } from "./constants.js";
import { count } from "./numbers.js";

// { right, false, missed: events, wrong: how many are false and how many are missed }.
export function compare(said, truth) {
  const named = truth.filter(({ label }) => !constants.labels.SILENT.includes(label));
  const right = said.filter((event) => named.some((other) => agree(event, other)));
  const wrong = said.filter((event) => !right.includes(event));
  const missed = named.filter((event) => !said.some((other) => agree(event, other)));
  return { right, false: wrong, missed, wrong: wrong.length + missed.length };
}

// Whether a movement is called better than before, in words; worse: whether it is to be called worse.
export function inWords(before, after, worse) {
  const better = worse ? "worse" : after.wrong < before.wrong ? "better" : "no better";
  return `${better}: ${count(before.wrong, "wrong event")} before, ${after.wrong} after`;
}

// Whether one of the others covers half of the shorter of the two.
export const half = (event, others) => others.some((other) => sharedS(event, other) >= enoughS(event, other));

function agree(a, b) {
  const sharesS = sharedS(a, b);
  return a.label === b.label && sharesS >= enoughS(a, b) && enoughS(a, b) > 0;
}

// For how long two events of one person go on together.
const sharedS = (a, b) =>
  a.person === b.person ? Math.max(0, Math.min(a.endS, b.endS) - Math.max(a.startS, b.startS)) : 0;
const enoughS = (a, b) => constants.compare.SHARED * Math.min(a.endS - a.startS, b.endS - b.startS);
