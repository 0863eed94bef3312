// A correction of one event as it was told live: what it was, or that it was nothing of the kind; see
// app/corrections/live.py. What Python does for whole recordings is here for the one event.
import { ActionStream } from "./action_stream.js";
import { compare, half, inWords } from "./compare.js";
import { constants } from "./constants.js";
import { TeachError, shownIn } from "./examples.js";
import { linspace, round } from "./numbers.js";
import { checkedName, withClips } from "./pack.js";
import { toHalf } from "./safetensors.js";
import { casefold, ownModel, taughtModel } from "./taught_model.js";

// A correction by which more would be called wrongly than before.
export class WorseError extends TeachError {}

// Gives a promise of [pack, words]: the pack with an event as an example of what it was, and of what it was not.
// What was said beside it counts as right, because nobody has objected to it. Only what was called alike is left open:
// it may be the same movement.
// shown: of Recent.find; given: what it was, "" for nothing that has a name; only: whether the model's own actions are
// not named; insist: whether it is learnt although more would be called wrongly.
export async function learnEvent(teacher, pack, shown, given, only = false, insist = false) {
  const { SILENT } = constants.labels, old = pack ?? teacher.pack(), { model } = teacher;
  const name = given.trim() ? asLabel(checkedName(given), model, old.actions) : "";
  if (name === shown.label && !SILENT.includes(name)) throw new TeachError("that is what was said");
  const taught = toTeach(shown, name, old.actions.includes(shown.label), model.window_s);
  if (!taught.length) throw new TeachError("that is what was said");
  const recording = shownIn(shown.poses), scores = await scoresOf(teacher, shown);
  const hear = (known) => heard(withPack(model, known, only), shown, scores);
  const said = { person: 0, label: shown.label, startS: shown.startS, endS: shown.endS }, before = hear(old);
  const beside = before.filter((event) => !half(event, [said]));
  const unsure = beside.filter(({ label }) => label === shown.label);
  const clear = [...taught, ...unsure.map(({ startS, endS }) => ({ span: [startS, endS] }))];
  const pieces = [];
  for (const one of [...taught, ...restOf(recording, clear, model.window_s)]) {
    if (isSeen(recording, one)) pieces.push({ ...one, ...(await teacher.cut(recording, one.span)) });
  }
  const [made, added] = addExamples(teacher, old, pieces);
  if (!added) throw new TeachError("nothing was learnt: too little of the movement was seen, or it was learnt before");
  const truth = name ? [{ ...said, label: name }] : [];
  const done = [...truth, ...beside.filter((event) => !unsure.includes(event))];
  const judged = [before, hear(made)].map((events) => compare(events.filter((one) => !half(one, unsure)), done));
  const worse = judged[1].wrong > judged[0].wrong, words = inWords(...judged, worse);
  if (worse && !insist) throw new WorseError(`${words}, in the last seconds. Nothing was learnt`);
  if (!name) return [made, `learnt as what "${shown.label}" is not; ${words}`];
  const verdict = teacher.verdict(made, name), advice = verdict.advice ? `; ${verdict.advice}` : "";
  return [made, `learnt as "${name}"; ${words}; ${verdict.said}${advice}`];
}

const withPack = (model, pack, only) =>
  pack.actions.length ? taughtModel(ownModel(model), pack, only) : ownModel(model);

// Gives a promise of what the graph says of each window of the movement, which is due whatever was said before.
async function scoresOf(teacher, { poses }) {
  const stream = new ActionStream(teacher.model), found = [];
  for (const { timeS, pose } of poses) {
    for (const window of stream.push(timeS, [pose])) found.push(await teacher.windowOf(window));
  }
  return found;
}

// The events as a model calls them by these scores.
function heard(model, { poses, sensitivity }, scores) {
  const stream = new ActionStream(model, undefined, sensitivity), events = [];
  let next = 0;
  for (const { timeS, pose } of poses) {
    for (const window of stream.push(timeS, [pose])) stream.take(window, model.scoresOf(scores[next++]));
    events.push(...stream.answer().events);
  }
  return [...events, ...stream.finish()];
}

// The short id of a label of the model's own where its words were given, or other capitals.
function asLabel(name, model, actions) {
  const known = new Map(Object.entries(model.display).map(([label, word]) => [casefold(word), label]));
  for (const label of [...model.labels, ...actions]) known.set(casefold(label), label);
  return known.get(casefold(name)) ?? name;
}

// Stretches that teach, { label, counter, span }, the examples first.
function toTeach({ label, startS, endS }, name, isTaught, windowS) {
  const { AROUND_S } = constants["app.corrections.examples"], { OTHER } = constants.labels;
  const parts = (of, counter, from, to) => partsOf(of, from, to, windowS).map((span) => ({ label: of, counter, span }));
  const counters = isTaught ? parts(label, true, startS, endS) : [];
  if (name) return [...parts(name, false, startS, endS), ...counters];
  return isTaught ? counters : parts(OTHER, false, Math.max(0, startS - AROUND_S), endS + AROUND_S);
}

// Parts of about a window or less, or half of it for what has no name, spread over an event.
function partsOf(label, startS, endS, windowS) {
  const { MOST_OF_EVENT } = constants["app.corrections.examples"];
  const shorterS = constants.labels.SILENT.includes(label) ? windowS / 2 : windowS;
  const whole = Math.max(1, round((endS - startS) / shorterS)), edges = linspace(startS, endS, whole + 1);
  return spread([...Array(whole).keys()], MOST_OF_EVENT).map((k) => [edges[k], edges[k + 1]]);
}

// So many of some things, spread over them, or all if there are no more.
const spread = (all, most) =>
  [...new Set(linspace(0, all.length - 1, Math.min(all.length, most)).map(round))].map((k) => all[k]);

// Windows that keep clear of what is taught: counter-examples of all of it.
function restOf(recording, taught, windowS) {
  const free = [], lastS = recording.at(-1).timeS - windowS / 2 + 1e-6, firstS = recording[0].timeS + windowS / 2;
  for (let k = 0; firstS + (k * windowS) / 2 < lastS; k++) {
    const startS = firstS + ((k - 1) * windowS) / 2, endS = startS + windowS;
    const clear = taught.every(({ span }) => span[0] >= endS || startS >= span[1]);
    if (clear) free.push({ label: "", counter: true, span: [startS, endS] });
  }
  return spread(free, constants["app.corrections.examples"].MOST_REST);
}

// Whether the person is seen for long enough in a stretch.
function isSeen(recording, { span }) {
  const { LEAST_S } = constants.clips;
  const inside = recording.filter(({ timeS }) => timeS >= span[0] - LEAST_S && timeS <= span[1] + LEAST_S);
  return inside.length > 1 && inside.at(-1).timeS - inside[0].timeS >= LEAST_S;
}

// The pack with the clips that it does not hold yet, with its head; and how many of them are of a label.
function addExamples(teacher, old, pieces) {
  const mark = (clip) => Array.from(clip, toHalf).join(), held = new Set((old.clips ?? []).map(mark));
  const groups = new Map();
  for (const one of pieces.filter(({ clip }) => !held.has(mark(clip)))) {
    const key = `${Number(one.counter)}${one.label}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  let pack = old, added = 0;
  for (const some of [...groups.values()].sort(([a], [b]) => a.counter - b.counter)) { // examples come first
    const [{ label, counter }] = some;
    if (counter && label && !pack.actions.includes(label)) continue;
    pack = withClips(pack, label, some, counter);
    if (label) added += some.length;
  }
  const own = pack.actions.filter((name) => teacher.model.labels.includes(name));
  if (!added) return [old, 0];
  return [teacher.finished({ ...pack, corrects: [...new Set([...old.corrects, ...own])] }), added];
}
