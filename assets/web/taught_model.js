// A model that names taught actions beside, or instead of, its own; see app/teach/taught_model.py. A model is what
// recogniser.json says (labels, display, window_s, thresholds ...), and `scoresOf` of what the graph gives for a
// window: { fused: C, modality: M x C, embedding: D }.
import { constants } from "./constants.js";
import { logits } from "./head.js";
import { PackError } from "./pack.js";
import { clip } from "./numbers.js";

export const casefold = (text) => text.toUpperCase().toLowerCase();

// The model without anything taught.
export const ownModel = (json) => ({ ...json, scoresOf: (raw) => raw });

// Whether a name is taken by one of the model's actions, ignoring capitals.
export function isKnown(model, name, only = false) {
  const { SILENT } = constants.labels, labels = only ? SILENT : [...model.labels, ...SILENT];
  const texts = labels.flatMap((label) => [label, model.display[label] ?? label]);
  return texts.some((text) => casefold(text) === casefold(name));
}

// Refuses a pack of another embedding model.
export function checkEmbedding(model, pack) {
  if (pack.embedding === model.embedding) return;
  const anew = pack.clips ? ", or make it anew with the program (teach --rebuild)" : "";
  throw new PackError(`the pack was made with another model: teach its actions again here${anew}`);
}

// model: an ownModel; pack: with its head; only: whether the model's own actions are no longer named.
export function taughtModel(model, pack, only = false) {
  const { SILENT, OTHER } = constants.labels;
  checkEmbedding(model, pack);
  for (const name of pack.actions) {
    if (isKnown(model, name, only) && !pack.corrects.includes(name)) {
      const way = 'switch "Only my actions are named" on first';
      throw new PackError(`the model already knows "${name}": teach it under another name, or ${way}`);
    }
  }
  const kept = [...model.labels.keys()].filter((c) => !only || SILENT.includes(model.labels[c]));
  const keptLabels = kept.map((c) => model.labels[c]);
  const taught = pack.actions.filter((name) => !keptLabels.includes(name));
  const labels = [...keptLabels, ...taught], places = pack.actions.map((name) => labels.indexOf(name));
  const toOther = only && keptLabels.includes(OTHER) ? labels.indexOf(OTHER) : -1;
  const own = model.labels.length, modalities = model.modalities.length;
  // Scores of one row of both: what speaks for taught actions is taken from all other classes.
  const joined = (scores, odds, into) => {
    let all = 0;
    kept.forEach((c, i) => {
      into[i] = scores[c];
      all += scores[c];
    });
    if (toOther >= 0) into[toOther] += 1 - all;
    const sure = odds.map((value) => clip(value, -30, 30)), best = Math.max(...sure);
    const share = sure.map((value) => Math.exp(value - best)), shares = share.reduce((a, b) => a + b, 0);
    const part = 1 / (1 + Math.exp(-best));
    for (let i = 0; i < kept.length; i++) into[i] *= 1 - part;
    places.forEach((place, a) => (into[place] += (share[a] * part) / shares));
  };
  const scoresOf = ({ fused, modality, embedding }) => {
    const { all, alone } = logits(pack.head, embedding, model.thresholds.enter, modalities), actions = all.length;
    const zeros = (many) => new Float64Array(many);
    const out = { fused: zeros(labels.length), modality: zeros(modalities * labels.length), embedding };
    joined(fused, all, out.fused);
    for (let m = 0; m < modalities; m++) {
      const row = out.modality.subarray(m * labels.length, (m + 1) * labels.length);
      joined(modality.slice(m * own, (m + 1) * own), alone.subarray(m * actions, (m + 1) * actions), row);
    }
    for (const row of [out.fused, out.modality]) row.forEach((score, i) => (row[i] = Math.fround(score)));
    return out;
  };
  const word = (label) => (keptLabels.includes(label) ? model.display[label] : label);
  const display = Object.fromEntries(labels.map((label) => [label, word(label)]));
  return { ...model, labels, display, taught, scoresOf };
}
