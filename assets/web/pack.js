// The pack: taught actions with their examples and head; see app/teach/pack.py. A pack is { embedding: the model's name
// of it, actions, action: number of each clip, counter: whether it is a counter-example, embeddings: W x D numbers of
// each clip, clips: K x 25 x 3 metres of each, or null, head, corrects }. None of these functions changes one.
import { constants } from "./constants.js";
import { isVague } from "./head.js";

// A reason why a pack cannot be used, as a sentence that says what to do.
export class PackError extends Error {}

export const emptyPack = (embedding) => ({
  embedding, actions: [], action: [], counter: [], embeddings: [], clips: null, head: null, corrects: [],
});

// The places of an action's examples, or counter-examples, among the clips.
export function examplesOf(pack, action, counter = false) {
  const number = pack.actions.indexOf(action);
  return [...pack.action.keys()].filter((e) => pack.action[e] === number && pack.counter[e] === counter);
}

// What would make an action surer, or "" if it is well taught.
export function packAdvice(pack, action) {
  if (examplesOf(pack, action).length < 3) return "three to five examples are better";
  const vague = pack.head && isVague(pack.head, pack.actions.indexOf(action));
  return vague ? "hard to tell from everyday movement: show more of it, or what it is not" : "";
}

// Refuses counter-examples of an action that the pack does not know.
export function requireAction(pack, action) {
  if (pack.actions.includes(checkedName(action))) return;
  throw new PackError(`teach "${action}" itself before what it is not`);
}

// The pack with more examples [{ clip, embedding }] of an action, which may be new; its head must then be made anew.
// An action "" stands for all of them, and has counter-examples alone.
export function withClips(pack, name, examples, counter = false) {
  const { MOST_ACTIONS, MOST_CLIPS, NO_ACTION } = constants.pack, action = name ? checkedName(name) : "";
  const actions = !action || pack.actions.includes(action) ? pack.actions : [...pack.actions, action];
  if (actions.length > MOST_ACTIONS || pack.action.length + examples.length > MOST_CLIPS) {
    throw new PackError(`a pack holds up to ${MOST_ACTIONS} actions and ${MOST_CLIPS} examples: begin another one`);
  }
  const number = action ? actions.indexOf(action) : NO_ACTION, held = pack.action.length ? pack.clips : [];
  return {
    ...pack, actions, head: null,
    action: [...pack.action, ...examples.map(() => number)],
    counter: [...pack.counter, ...examples.map(() => counter)],
    embeddings: [...pack.embeddings, ...examples.map(({ embedding }) => embedding)],
    clips: held && [...held, ...examples.map(({ clip }) => clip)],
  };
}

// The pack without some clips and without actions that have no example left; its head must then be made anew.
export function withoutClips(pack, places) {
  const { NO_ACTION } = constants.pack, kept = [...pack.action.keys()].filter((e) => !places.includes(e));
  const shown = [...new Set(kept.filter((e) => !pack.counter[e]).map((e) => pack.action[e]))].sort((a, b) => a - b);
  const left = kept.filter((e) => shown.includes(pack.action[e]) || (shown.length && pack.action[e] === NO_ACTION));
  const of = (column) => column && left.map((e) => column[e]), actions = shown.map((a) => pack.actions[a]);
  return {
    ...pack, actions, head: null, corrects: pack.corrects.filter((name) => actions.includes(name)),
    action: of(pack.action).map((a) => (a === NO_ACTION ? NO_ACTION : shown.indexOf(a))),
    counter: of(pack.counter), embeddings: of(pack.embeddings), clips: of(pack.clips),
  };
}

const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const JOINED = /(?<=[^\p{L}\p{N}_\s])\u200d(?=[^\p{L}\p{N}_\s])/gu; // what makes one sign of several
const UNSHOWN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

// An action's name without spaces around it, after a check. Accents are joined to their letters.
export function checkedName(given) {
  const { NAME } = constants.pack;
  const name = String(given).split(SPACES).filter(Boolean).join(" ").normalize("NFC"), letters = [...name];
  if (!letters.length || letters.length > NAME) {
    const got = letters.length ? `got ${letters.length}: "${letters.slice(0, NAME).join("")}" ...` : "got none";
    throw new PackError(`an action needs a name of 1 to ${NAME} letters; ${got}`);
  }
  if (UNSHOWN.test(name.replace(JOINED, ""))) {
    throw new PackError(`an action's name cannot hold characters that are not shown; got ${JSON.stringify(name)}`);
  }
  if ("=+-@".includes(name[0])) {
    throw new PackError(`an action's name cannot begin with "${name[0]}", as formulas do; got "${name}"`);
  }
  return name;
}
