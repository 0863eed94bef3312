// The file of a pack, which `classify --pack` opens, and whose like it writes; see app/teach/pack.py. Nothing in it can
// run.
import { constants } from "./constants.js";
import { fits } from "./head.js";
import { PackError, checkedName } from "./pack.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";

function rowsOf(values, many) {
  const width = values.length / many;
  return Array.from({ length: many }, (_, i) => values.slice(i * width, (i + 1) * width));
}

function flat(rows) {
  const out = new Float64Array(rows.reduce((total, row) => total + row.length, 0));
  rows.reduce((at, row) => (out.set(row, at), at + row.length), 0);
  return out;
}

// The content of a file of a pack with its head: a Uint8Array.
export function packBytes(pack) {
  const { action, counter, embeddings, clips, head } = pack, many = action.length, actions = pack.actions.length;
  const width = head.mean.length, windows = embeddings[0].length / width;
  const numbers = (values) => ({ dtype: "F32", shape: [values.length], values });
  const tensors = {
    action: { dtype: "I16", shape: [many], values: action },
    counter: { dtype: "U8", shape: [many], values: counter },
    embedding: { dtype: "F16", shape: [many, windows, width], values: flat(embeddings) },
    "head.mean_D": numbers(head.mean),
    "head.weight_AD": { dtype: "F32", shape: [actions, width], values: flat(head.weight) },
    "head.bias_A": numbers(head.bias), "head.threshold_A": numbers(head.threshold), "head.usual_A": numbers(head.usual),
  };
  if (clips) tensors.clips = { dtype: "F16", shape: [many, clips[0].length / 75, 25, 3], values: flat(clips) };
  const said = { format: constants.pack.FORMAT, embedding: pack.embedding, actions: JSON.stringify(pack.actions) };
  if (pack.corrects.length) said.corrects = JSON.stringify(pack.corrects);
  return writeSafetensors(tensors, said);
}

// The pack in a file's content, after checking everything in it; `name` is what messages call the file.
export function parsePack(bytes, name) {
  let read = null;
  try {
    read = readSafetensors(bytes);
  } catch {
    throw new PackError(`${name}: not a pack, or a damaged one; teach the actions again`);
  }
  const { FORMAT, NAME } = constants.pack, said = read.metadata;
  if (said.format !== FORMAT) {
    const told = String(said.format).slice(0, 2 * NAME);
    throw new PackError(`${name}: not a pack of this version (it says ${told}, not ${FORMAT})`);
  }
  try {
    return checked(said, read.tensors);
  } catch (error) {
    const why = error instanceof PackError || error instanceof RangeError ? ` (${error.message})` : "";
    throw new PackError(`${name}: a damaged pack${why}; teach it again`);
  }
}

function checked(said, tensors) {
  const { LARGEST, MOST_ACTIONS, MOST_CLIPS, MOST_FRAMES, NO_ACTION } = constants.pack;
  const names = JSON.parse(said.actions), corrects = JSON.parse(said.corrects ?? "[]");
  const texts = Array.isArray(names) && names.every((one) => typeof one === "string");
  if (!texts) throw new RangeError("its names make no sense");
  const actions = names.map(checkedName);
  for (const { values } of Object.values(tensors)) {
    if (!values.every((value) => Math.abs(value) <= LARGEST)) throw new RangeError("its numbers make no sense");
  }
  const { action, counter, embedding, clips } = tensors, many = action.shape[0], width = embedding.shape[2];
  const shown = new Set(action.values.filter((_, e) => !counter.values[e]));
  const all = (set) => set.size === actions.length && actions.every((_, a) => set.has(a));
  const is = ({ shape }, wanted) => shape.length === wanted.length && shape.every((n, i) => n === wanted[i]);
  const frames = clips?.shape[1], used = new Set([...action.values].filter((a) => a !== NO_ACTION));
  const column = (name) => Float64Array.from(tensors[`head.${name}`].values);
  const head = {
    mean: column("mean_D"), weight: rowsOf(column("weight_AD"), tensors["head.weight_AD"].shape[0]),
    bias: column("bias_A"), threshold: column("threshold_A"), usual: column("usual_A"),
  };
  const rules = {
    names: actions.length > 0 && new Set(actions).size === actions.length && actions.length <= MOST_ACTIONS,
    "corrected labels": Array.isArray(corrects) && corrects.every((one) => actions.includes(one)),
    examples: many > 0 && many <= MOST_CLIPS && is(action, [many]) && is(counter, [many]) && all(shown) && all(used),
    embeddings: is(embedding, [many, embedding.shape[1], width]) && embedding.values.length > 0,
    clips: !clips || (is(clips, [many, frames, 25, 3]) && frames > 0 && frames <= MOST_FRAMES),
    head: fits(head, actions.length, width),
  };
  for (const [name, holds] of Object.entries(rules)) if (!holds) throw new RangeError(`its ${name} make no sense`);
  return {
    embedding: said.embedding, actions, action: [...action.values], counter: Array.from(counter.values, Boolean),
    embeddings: rowsOf(embedding.values, many), clips: clips ? rowsOf(clips.values, many) : null, head, corrects,
  };
}
