// The action stream: from the people in each frame to everybody's current action and finished events; see
// app/stream/action_stream.py. The scores come from elsewhere, as a worker makes them:
//   const due = stream.push(timeS, poses);
//   for (const window of due) stream.take(window, await scoresOf(window));
//   show(stream.answer());
import { constants } from "./constants.js";
import { Nearest, notePeople } from "./main_person.js";
import { Person } from "./person.js";
import { People, distinct } from "./tracker.js";

export class ActionStream {
  #people = new People();
  #nearest = new Nearest();
  #persons = new Map(); // by their numbers
  #events = []; // that ended since the last answer
  #timeS = null;
  #found = 0;
  #sensitivity = 0.5;

  // model: recogniser.json, or a taught model; hopS: seconds between two windows.
  constructor(model, hopS = constants.action_stream.LIVE_HOP_S, sensitivity = 0.5) {
    [this.model, this.hopS, this.#sensitivity] = [model, hopS, sensitivity];
  }

  get sensitivity() {
    return this.#sensitivity;
  }

  // How readily an action is named, in [0, 1]; it may be set at any time.
  set sensitivity(value) {
    if (!(value >= 0 && value <= 1)) throw new RangeError(`sensitivity is a number from 0 to 1; got ${value}`);
    this.#sensitivity = value;
    for (const { decision } of this.#persons.values()) decision.sensitivity = value;
  }

  // The number of the main person, -1 before the first.
  get main() {
    return this.#nearest.number;
  }

  // Adds the poses found in one frame, whose time is later than the last one's, and returns the windows that are due.
  push(timeS, found) {
    if (!Number.isFinite(timeS) || (this.#timeS !== null && timeS <= this.#timeS)) {
      throw new RangeError(`frame times must increase: ${timeS} s came after ${this.#timeS} s`);
    }
    this.#timeS = timeS;
    const poses = distinct(found), seen = this.#people.update(timeS, poses);
    this.#found = poses.length;
    this.#nearest.choose(timeS, seen);
    this.#forget(timeS, new Set(this.#people.known));
    for (const [number, pose] of seen) this.#person(number).see(timeS, pose, this.#anchorS());
    for (const [number, person] of this.#persons) person.pose = seen.get(number) ?? null;
    const there = [...this.#persons.values()].filter(({ segment }) => segment?.seenS === timeS);
    return there.map((person) => person.due()).filter((window) => window !== null);
  }

  // Takes the scores { fused: C numbers, modality: M x C numbers } of a window; those of somebody who has left
  // meanwhile are dropped, and so are older ones than were taken already.
  take({ person: number, segment, endS }, scores) {
    const person = this.#persons.get(number);
    if (!person || person.segment !== segment || endS <= (segment.takenS ?? -Infinity)) return;
    segment.takenS = endS;
    this.#events.push(...person.take(endS, scores));
  }

  // The answer as it is now, with the events that ended since the last one: { timeS, people, note, persons, events }
  // and of the main person { pose, label, score, fused, modality, count, closest }.
  answer() {
    const main = this.#nearest.number, events = this.#events;
    const order = [...this.#persons.values()].sort((a, b) => (b.number === main) - (a.number === main));
    const persons = order.map((person) => stateOf(person, person.number === main));
    const first = persons[0]?.main ? persons[0] : NOBODY;
    const { pose, label, score, fused, modality, count } = first;
    const closest = persons[0]?.main ? order[0].decision.closest : null;
    this.#events = [];
    const note = notePeople(this.#found);
    return {
      timeS: this.#timeS, people: this.#found, note, persons, events,
      pose, label, score, fused, modality, count, closest,
    };
  }

  // Ends the stream and its current actions, and returns the events that were not told yet.
  finish() {
    for (const person of this.#persons.values()) this.#end(person);
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #person(number) {
    if (!this.#persons.has(number)) {
      this.#persons.set(number, new Person(number, this.model, this.hopS, this.#sensitivity));
    }
    return this.#persons.get(number);
  }

  #anchorS() {
    for (const { segment } of this.#persons.values()) if (segment) return segment.anchorS;
    return null;
  }

  // Ends the actions of people who are out of sight, and drops those who will not come back.
  #forget(timeS, keep) {
    for (const [number, person] of this.#persons) {
      if (person.isGone(timeS) || !keep.has(number)) this.#end(person);
      if (!keep.has(number)) this.#persons.delete(number);
    }
  }

  #end(person) {
    if (person.segment) this.#events.push(...person.end());
  }
}

const NOBODY = { pose: null, label: null, score: 0, fused: null, modality: null, count: null };

function stateOf(person, main) {
  const { label, score, fused, modality } = person.decision;
  return { person: person.number, main, pose: person.pose, label, score, fused, modality, count: person.count };
}
