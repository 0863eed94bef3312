// The recorder of the visitor's own landmarks, never of pictures, in this browser's memory; see app/page/recorder.py.
import { LandmarkWriter } from "../web/landmark_file.js";

const LONGEST_S = 7200; // some 60 MB of one person, which a browser holds without trouble

export class HereRecorder {
  #writer;
  #firstS = null;

  // settings: for the file's header.
  constructor(settings) {
    this.#writer = new LandmarkWriter(settings);
    this.state = "on"; // or "full" or "failed": what is there is kept, and nothing is added
  }

  // Adds one frame: its time and the persons of an answer.
  add(timeS, persons) {
    if (this.state !== "on") return;
    this.#firstS ??= timeS;
    if (timeS - this.#firstS > LONGEST_S) {
      this.state = "full";
      return;
    }
    try {
      this.#writer.add(timeS, persons.filter(({ pose }) => pose).map(({ person, pose }) => [person, pose]));
    } catch {
      this.state = "failed";
    }
  }

  // Ends the recording, and gives a promise of the file's content: a Blob, null where no picture came.
  async finish() {
    this.state = "";
    return this.#writer.frames ? this.#writer.finish() : null;
  }
}
