// What the page says of an answer. The words and the bars are both told from it, so that they never disagree.
import { percent, word } from "./names.js";

// The likeliest label where no action is named: an answer if it is "something else", else only a hint.
function unnamed([label, score, threshold]) {
  if (label === "other") {
    const sure = score >= threshold;
    return { what: label, text: word(label), line: sure ? `${percent(score)} sure` : "None of the actions that it knows", label, sure };
  }
  const why = score < threshold ? `, below the threshold of ${percent(threshold)}` : "";
  return { what: "unsure", text: "Not sure", line: `Closest: ${word(label)}${why}`, label, sure: false };
}

// {what: a key of what is said, text: its words, line: the line below, quiet: whether it is no action,
//  label: what it is about, null where there are no scores, sure: whether the label's number may be shown}
export function verdict({ people, top, label, score, threshold, closest }) {
  if (!people) return { what: "nobody", text: "Nobody in view", line: "Step into the picture; who is small in it is missed", quiet: true, label: null };
  if (!top.length) return { what: "watching", text: "Watching", line: "A few seconds of movement are needed", quiet: true, label: null };
  if (!label) return { ...unnamed(closest), quiet: true };
  const sure = score >= threshold; // an action goes on for a while below it
  return { what: label, text: word(label), line: sure ? `${percent(score)} sure` : "Not quite sure", quiet: label === "idle", label, sure };
}
