// The head that names taught actions from the student's embedding; see app/teach/head.py. A head is { mean: D numbers,
// weight: A x D, bias, threshold, usual: A each }.
import { constants } from "./constants.js";
import { dot } from "./linear.js";
import { clip } from "./numbers.js";

// Each modality's part about the background's mean, at length 1 / sqrt(modalities): D numbers.
export function features(embedding, meanD, modalities) {
  const out = Float64Array.from(embedding, (value, d) => value - meanD[d]), width = out.length / modalities;
  for (let m = 0; m < modalities; m++) {
    const part = out.subarray(m * width, (m + 1) * width), length = Math.max(Math.sqrt(dot(part, part)), 1e-6);
    for (let d = 0; d < width; d++) part[d] /= length * Math.sqrt(modalities);
  }
  return out;
}

const logit = (share) => {
  const inside = clip(share, 1e-3, 1 - 1e-3);
  return Math.log(inside / (1 - inside));
};

// How sure a head is of each action, as log odds; at an action's threshold they are those of `enter`. Returns `all` (A)
// and `alone`, what each modality alone would give (M x A).
export function logits(head, embedding, enter, modalities) {
  const { SURE, STEEP } = constants.head;
  const x = features(embedding, head.mean, modalities), width = x.length / modalities;
  const low = logit(enter), high = Math.max(logit(SURE), low + 1);
  const actions = head.weight.length, all = new Float64Array(actions), alone = new Float64Array(modalities * actions);
  head.weight.forEach((weight, a) => {
    const slope = Math.max((high - low) / (head.usual[a] - head.threshold[a]), STEEP);
    const scale = (score) => low + slope * (score + head.bias[a] - head.threshold[a]);
    let total = 0;
    for (let m = 0; m < modalities; m++) {
      const part = dot(x.subarray(m * width, (m + 1) * width), weight.subarray(m * width, (m + 1) * width));
      total += part;
      alone[m * actions + a] = scale(modalities * part);
    }
    all[a] = scale(total);
  });
  return { all, alone };
}

// Whether the examples of an action hardly score above everyday movement.
export function isVague(head, a) {
  const { LEAST_SPAN, PASS } = constants.head;
  return head.usual[a] - head.threshold[a] <= LEAST_SPAN * (1 - PASS) + 1e-6;
}

// Whether the shapes are those of a head of so many actions.
export function fits(head, actions, width) {
  const { mean, weight, bias, threshold, usual } = head;
  const long = [bias, threshold, usual].every((column) => column?.length === actions);
  return long && mean?.length === width && weight?.length === actions && weight.every((row) => row.length === width) &&
    usual.every((score, a) => score > threshold[a]);
}
