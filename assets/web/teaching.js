// The background of teaching: everyday movement in its main directions, as Python writes it (app/site/teaching.py).
import { constants } from "./constants.js";
import { PackError } from "./pack.js";
import { readSafetensors } from "./safetensors.js";

// bytes: of teaching.safetensors; model: the recogniser's card. Returns what Ridge takes, with the labels of its kinds.
export function readTeaching(bytes, model) {
  let read = null;
  try {
    read = readSafetensors(bytes);
  } catch {
    throw new PackError("the file teaching.safetensors is damaged: get it again with the model");
  }
  const { mean, basis, back, kind } = read.tensors;
  if (read.metadata.embedding !== model.embedding) {
    throw new PackError("the file teaching.safetensors belongs to another model: get the one that came with this one");
  }
  const labels = JSON.parse(read.metadata.labels ?? "[]");
  return { mean: mean.values, basis: basis.values, back: back.values, kind: kind.values, labels };
}

// The numbers of the background's windows that show what a label of the model's own names.
export function kindsOf(teaching, label) {
  if (constants.labels.SILENT.includes(label)) return [-1];
  return [...teaching.labels.keys()].filter((k) => teaching.labels[k] === label);
}
