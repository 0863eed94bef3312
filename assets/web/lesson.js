// The lesson of one visitor: a current recording, their pack, and the model that knows it; see app/teach/lesson.py.
import { constants } from "./constants.js";
import { TeachError, recordingOf } from "./examples.js";
import { learnEvent } from "./fix.js";
import { count } from "./numbers.js";
import { PackError, checkedName, requireAction, withoutClips } from "./pack.js";
import { packBytes, parsePack } from "./pack_file.js";
import { casefold, isKnown, ownModel, taughtModel } from "./taught_model.js";

export class Lesson {
  #own;
  #teacher;
  #frames = [];
  #asked = null; // [name, counter] of the current recording
  #names = new WeakMap(); // of clips, by their embeddings
  #verdicts = new Map();

  // json: recogniser.json; teacher: null if nothing can be taught.
  constructor(json, teacher = null) {
    [this.#own, this.#teacher] = [ownModel(json), teacher];
    this.only = false; // whether the model's own actions are left out, once there are others
    this.#take(null, false);
  }

  get teaches() {
    return this.#teacher !== null;
  }

  // The name of the action that is being recorded, or "".
  get recording() {
    return this.#asked?.[0] ?? "";
  }

  // Adds the people found in one frame, if a recording goes on.
  see(timeS, poses) {
    const { MOST_FRAMES, LONGEST_S } = constants.lesson;
    if (!this.#asked || this.#frames.length >= MOST_FRAMES) return;
    if (!this.#frames.length || timeS - this.#frames[0].timeS <= LONGEST_S) this.#frames.push({ timeS, poses });
  }

  // Begins to record examples of an action, or of what it is not, and returns the action's name.
  start(given, counter = false) {
    const teacher = this.#teaches(), plain = checkedName(given);
    const name = this.pack?.actions.find((action) => casefold(action) === casefold(plain)) ?? plain;
    if (isKnown(this.#own, name, this.only)) {
      const way = this.only ? "" : ', or switch "Only my actions are named" on';
      throw new PackError(`the model already knows "${name}": choose another name${way}`);
    }
    if (counter) requireAction(this.pack ?? teacher.pack(), name);
    [this.#asked, this.#frames] = [[name, counter], []];
    return name;
  }

  cancel() {
    [this.#asked, this.#frames] = [null, []];
  }

  // Ends the recording, learns from it and returns a promise of what was learnt, in words.
  async stop() {
    const teacher = this.#teaches(), asked = this.#asked, frames = this.#frames;
    this.cancel();
    if (!asked) throw new TeachError("no recording goes on: press Record first");
    if (!frames.length) throw new TeachError("no picture came from the camera: start it, and record again");
    const [name, counter] = asked, examples = await teacher.examples(recordingOf(frames));
    const before = this.pack ?? teacher.pack(), isNew = !before.actions.includes(name);
    this.#take(teacher.add(before, name, examples, counter), this.only);
    return this.#learnt(name, examples.length, counter, isNew);
  }

  // Learns from one of the last events (Recent.find): what it was, "" for nothing. Gives a promise of what was learnt.
  // What makes it worse is refused (WorseError of fix.js) unless it is insisted on.
  async fix(shown, name, insist = false) {
    if (!shown) throw new TeachError("that event is too long ago: correct the next one sooner");
    const [pack, said] = await learnEvent(this.#teaches(), this.pack, shown, name, this.only, insist);
    this.#take(pack, this.only);
    return said;
  }

  // Removes one example; an action without examples is removed too.
  delete(clip) {
    const place = this.clipNames().indexOf(clip);
    if (place < 0) throw new PackError("that example is gone already");
    this.#shrink([place]);
  }

  // Removes an action with all its examples.
  forget(name) {
    const number = this.pack ? this.pack.actions.indexOf(name) : -1;
    if (number < 0) throw new PackError(`there is no action "${name}"`);
    this.#shrink([...this.pack.action.keys()].filter((e) => this.pack.action[e] === number));
  }

  verdict(action) {
    if (!this.#verdicts.has(action)) this.#verdicts.set(action, this.#teaches().verdict(this.pack, action));
    return this.#verdicts.get(action);
  }

  // Chooses whether only taught actions are named, or the model's own too.
  setOnly(only) {
    this.#take(this.pack, only);
  }

  // Replaces what was taught by a pack's file; checkName is called with the name of each action in it.
  load(bytes, name, checkName = () => {}) {
    const { MOST_PACK_BYTES } = constants.lesson;
    if (bytes.length > MOST_PACK_BYTES) {
      throw new PackError(`${name}: larger than the page takes (${MOST_PACK_BYTES >> 20} MB)`);
    }
    const pack = parsePack(bytes, name);
    pack.actions.forEach(checkName);
    this.#take(pack, this.only);
  }

  // The pack as a file's content.
  file() {
    if (!this.pack) throw new PackError("there is nothing to save yet: teach an action first");
    return packBytes(this.pack);
  }

  // A short name for each clip of the pack, which stays the same as long as the clip is there.
  clipNames() {
    return (this.pack?.embeddings ?? []).map((embedding) => {
      if (!this.#names.has(embedding)) this.#names.set(embedding, `clip${this.#made++}`);
      return this.#names.get(embedding);
    });
  }

  #made = 0;

  #teaches() {
    if (!this.#teacher) throw new PackError("nothing can be taught here");
    return this.#teacher;
  }

  #take(given, only) {
    const pack = given?.actions.length ? given : null;
    this.model = pack ? taughtModel(this.#own, pack, only) : this.#own; // what the visitor's stream should use now
    [this.pack, this.only] = [pack, only];
    this.#verdicts.clear();
  }

  #shrink(places) {
    this.#take(this.#teaches().finished(withoutClips(this.pack, places)), this.only);
  }

  #learnt(name, times, counter, isNew) {
    const seen = `${count(times, "repetition")} seen`;
    if (counter) return `${seen}: kept as what "${name}" is not`;
    if (!isNew) return `${seen}, added to "${name}", which was there already${this.#doubt(name)}`;
    return `${seen}: "${name}" is live now${times === 1 ? "; one works, three to five are better" : this.#doubt(name)}`;
  }

  // Why an action may not be recognised although there are enough examples of it, or "".
  #doubt(name) {
    const { good, why, said, advice } = this.verdict(name);
    return good || why === constants.verdict.FEW ? "" : `, but ${said}; ${advice}`;
  }
}
