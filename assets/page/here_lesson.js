// What the Teach tab asks for, where the browser itself does it; see app/page/teach_tab.py.
import { constants } from "../web/constants.js";
import { TeachError } from "../web/examples.js";
import { WorseError } from "../web/fix.js";
import { count } from "../web/numbers.js";
import { PackError, examplesOf } from "../web/pack.js";
import { casefold } from "../web/taught_model.js";
import { windowJson } from "./here_answer.js";

const PERSON = /^(p|person|people) ?\d+$/;

// Refuses a name that the page itself says of something else; see app/page/own_words.py.
function checkNotOwn(name) {
  const plain = casefold(name.split(/\s+/).filter(Boolean).join(" ")).replace(/[ .!]+$/, "");
  if (!constants.own_words.OWN_WORDS.includes(plain) && !PERSON.test(plain)) return;
  throw new PackError(`the page itself says "${name.trim()}": choose a name that can be told from it`);
}

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function textOf(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

const DEEDS = {
  start: ({ lesson }, { name, counter }) => {
    checkNotOwn(name);
    lesson.start(name, counter === true);
  },
  stop: ({ lesson }) => lesson.stop(),
  cancel: ({ lesson }) => lesson.cancel(),
  delete: ({ lesson }, { clip }) => lesson.delete(clip),
  forget: ({ lesson }, { name }) => lesson.forget(name),
  only: ({ lesson }, { on }) => lesson.setOnly(on === true),
  load: ({ lesson }, { name, file }) => {
    lesson.load(bytesOf(file), `"${name}"`, checkNotOwn);
    return `${count(lesson.pack.actions.length, "action")} loaded: live now`;
  },
  fix: ({ lesson, shown }, { event, name, insist }) => {
    if (name.trim()) checkNotOwn(name);
    return lesson.fix(shown(event), name, insist === true);
  },
};

// Those for which the background must be there.
export const TEACHES = Object.keys(DEEDS).filter((deed) => deed !== "cancel");

// Does what the page asks for, and gives a promise of the state after it: {did, said, failed, worse, file, recording,
// only, actions, clips}; session: {lesson, shown: function of an event's number}.
export async function answered(session, asked) {
  const { lesson } = session, { do: did, have } = asked;
  let [said, failed, worse, file] = ["", false, false, null];
  try {
    if (did === "save") file = textOf(lesson.file());
    else said = (await DEEDS[did]?.(session, asked)) || "";
  } catch (error) {
    if (!(error instanceof PackError || error instanceof TeachError)) throw error;
    [said, failed, worse] = [error.message, true, error instanceof WorseError];
  }
  said = said.charAt(0).toUpperCase() + said.slice(1);
  return { did, said, failed, worse, file, ...stateOf(lesson, new Set(have)), at: Date.now() / 1000 };
}

function stateOf(lesson, have) {
  const { pack } = lesson, names = lesson.clipNames();
  const actions = pack ? pack.actions.map((name) => actionOf(lesson, names, name)).reverse() : [];
  const shown = new Set(actions.flatMap((action) => [...action.shown, ...action.not]));
  const clips = {};
  names.forEach((name, e) => {
    if (pack.clips && shown.has(name) && !have.has(name)) clips[name] = windowJson(pack.clips[e]);
  });
  return { recording: lesson.recording, only: lesson.only, actions, clips };
}

function actionOf(lesson, names, action) {
  const { pack } = lesson, shown = examplesOf(pack, action);
  const newest = (places) => [...places].reverse().slice(0, constants.answer.SHOWN).map((e) => names[e]);
  const { said, good, advice, odd } = lesson.teaches ? lesson.verdict(action) : { said: "", good: true, advice: "", odd: [] };
  return {
    name: action, own: pack.corrects.includes(action), shown: newest(shown), not: newest(examplesOf(pack, action, true)),
    count: shown.length, verdict: said, good, advice, odd,
  };
}
