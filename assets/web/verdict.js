// The verdict on what is taught: whether an action will be recognised and, if not, what to do next; see
// app/teach/verdict.py.
import { constants } from "./constants.js";
import { count } from "./numbers.js";

// judged: what Ridge.judge says; placeOf: [[own label, place]]. Returns { action, examples, found, why, near, odd,
// good, said, advice }.
export function judgeExamples(action, judged, placeOf) {
  const { LEAST, FOUND, NEAR, FEW, OWN, UNLIKE, EVERYDAY } = constants.verdict;
  const examples = judged.known.length, odd = [];
  judged.unseen.forEach((score, e) => {
    if (score < judged.threshold) odd.push(e + 1);
  });
  const nearest = placeOf.reduce((best, one) => (one[1] > best[1] ? one : best), ["", -Infinity]);
  const near = nearest[1] >= NEAR ? nearest[0] : "", found = judged.unseen.length - odd.length;
  let why = "";
  if (examples < LEAST) why = FEW;
  else if (found < FOUND * examples) {
    const taughtByAll = judged.known.filter((score) => score >= judged.threshold).length / examples;
    why = near ? OWN : taughtByAll >= FOUND ? UNLIKE : EVERYDAY;
  }
  const verdict = { action, examples, found, why, near, odd: why === FEW ? [] : odd, good: !why };
  return { ...verdict, said: said(verdict), advice: advice(verdict) };
}

function said({ examples, found, why, good }) {
  const all = count(examples, "example"), known = `${found} of ${all} known by the others`;
  if (why === constants.verdict.FEW) return `${all}: too few to tell whether it will be recognised`;
  return `${good ? "will be recognised" : "may not be recognised well"}: ${known}`;
}

function advice({ good, why, near, odd }) {
  const { FEW, UNLIKE, OWN, EVERYDAY } = constants.verdict, { DISPLAY } = constants.labels;
  const numbers = `number${odd.length > 1 ? "s" : ""} ${odd.slice(0, 5).join(", ")}${odd.length > 5 ? " ..." : ""}`;
  const own = `the model's own "${DISPLAY[near] ?? near}"`, most = `${numbers} most of all`;
  if (good) {
    const unlike = odd.length ? `${numbers} unlike the others: delete what went wrong` : "";
    const alike = near ? `whoever does ${own} may get this name: if so, record that as what it is not` : "";
    return [unlike, alike].filter(Boolean).join("; ");
  }
  return {
    [FEW]: "three to five examples are better",
    [UNLIKE]: `the examples are unlike one another (${most}): delete those that went wrong, or do it alike a few ` +
      "times more",
    [OWN]: `too near to ${own} (${most}): record that as what it is not, or choose another movement`,
    [EVERYDAY]: `hard to tell from everyday movement (${most}): show more of it, or what it is not`,
  }[why];
}
