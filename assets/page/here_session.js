// The session of the visitor where the browser itself recognises: their stream, their lesson and their last events; see
// app/page/session.py. `windows` gives the graph's outputs for a window; it may take its time.
import { constants } from "../web/constants.js";
import { ActionStream } from "../web/action_stream.js";
import { Lesson } from "../web/lesson.js";
import { Recent } from "../web/recent.js";
import { answerJson, eventJson } from "./here_answer.js";
import { HereRecorder } from "./here_recorder.js";

export class HereSession {
  #card;
  #windows;
  #stream = null;
  #model = null; // of the stream
  #zeroS = null; // the clock's time at the session's second 0, which is that of the first picture
  #lastS = -Infinity;
  #recent = new Recent();
  #events = []; // [when it was first told, s, [number, event]]
  #count = 0;
  #recorder = null;
  #sees = null; // the main person's newest window, until it is told
  #asked = new Map(); // number of a person -> their newest window, which waits while another is under way
  #underWay = false;

  // card: recogniser.json; windows: function of {inputs, kind} that gives a promise of outputs; name: of the session.
  constructor(card, windows, name) {
    [this.#card, this.#windows, this.name] = [card, windows, name];
    this.lesson = new Lesson(card);
  }

  // The answer to the people of one picture, taken at a time of any clock; ms: what it took to find them.
  frame({ timeS: takenS, poses, sensitivity, ms }) {
    const start = performance.now(), { lesson } = this, timeS = takenS - (this.#zeroS ??= takenS);
    if (!this.#stream || timeS - this.#lastS > constants.session.RESTART_GAP_S || this.#model !== lesson.model) this.#begin(timeS);
    this.#lastS = Math.max(timeS, this.#lastS + 1e-4); // times must increase
    lesson.see(this.#lastS, poses);
    if (this.#stream.sensitivity !== sensitivity) this.#stream.sensitivity = sensitivity;
    for (const window of this.#stream.push(this.#lastS, poses)) this.#asked.set(window.person, window);
    this.#askNext();
    const answer = this.#stream.answer(), sees = this.#sees;
    this.#sees = null;
    this.#recorder?.add(answer.timeS, answer.persons);
    this.#recent.see(answer.timeS, answer.persons);
    this.#tell(answer.timeS, answer.events);
    const told = this.#events.map(([, event]) => event), spent = ms + performance.now() - start;
    const recording = this.#recorder?.state ?? "";
    return answerJson(answer, { session: this.name, model: this.#model, sensitivity, told, sees, ms: spent, recording });
  }

  // Ends the current actions, because the camera was stopped: {stopped: the newest events}.
  finish() {
    if (this.#stream) this.#tell(this.#lastS, this.#stream.finish());
    this.#stream = null;
    return { stopped: this.#events.map(([, event]) => eventJson(event)) };
  }

  // Begins to keep the landmarks of everybody, never a picture; or goes on.
  record() {
    const { pose } = this.#card, made = { pose: pose?.name ?? "not known", source: "live page, in the browser" };
    this.#recorder ??= new HereRecorder(made);
  }

  // Ends the recording, and gives a promise of its file: a Blob of .ikem, null where there is nothing.
  async recorded() {
    const recorder = this.#recorder;
    this.#recorder = null;
    return recorder && recorder.finish();
  }

  // One of the last events with its movement, by its number; null if it is not here any more.
  shown(number) {
    return this.#recent.find(number);
  }

  #begin(timeS) {
    if (this.#stream) this.#tell(timeS, this.#stream.finish());
    this.#model = this.lesson.model;
    this.#stream = new ActionStream(this.#model);
    this.#asked.clear();
  }

  // One window at a time; of each person only the newest waits.
  async #askNext() {
    if (this.#underWay || !this.#asked.size) return;
    const [person, window] = this.#asked.entries().next().value, stream = this.#stream, model = this.#model;
    this.#asked.delete(person);
    this.#underWay = true;
    try {
      const { scores, modality_scores: modality, embedding, window: joints } = await this.#windows({ inputs: window, kind: "live" });
      if (stream === this.#stream) {
        stream.take(window, model.scoresOf({ fused: scores, modality, embedding }));
        if (stream.main === person) this.#sees = joints;
      }
      this.failed = "";
    } catch (error) {
      this.failed = error.message;
    }
    this.#underWay = false;
    this.#askNext();
  }

  #tell(timeS, events) {
    for (const event of events) {
      this.#events.push([timeS, [this.#count, event]]);
      this.#recent.tell(this.#count, event, this.#stream.sensitivity);
      this.#count += 1;
    }
    while (this.#events.length && timeS - this.#events[0][0] > constants.session.RETELL_S) this.#events.shift();
  }
}
