// The last events of a live session, with the movement from which each was told, to be corrected; see
// app/page/recent.py. No picture is kept.
import { constants } from "./constants.js";
import { shownIn } from "./examples.js";

export class Recent {
  #poses = new Map(); // of each person, by number
  #events = []; // [number, { label, startS, endS, poses: [{ timeS, pose }], sensitivity }]

  // Adds a frame: the persons of an answer.
  see(timeS, persons) {
    for (const { person, pose } of persons) {
      if (!pose) continue;
      if (!this.#poses.has(person)) this.#poses.set(person, []);
      this.#poses.get(person).push({ timeS, pose });
    }
    for (const [person, poses] of this.#poses) {
      while (poses.length && poses[0].timeS < timeS - constants.recent.KEPT_S) poses.shift();
      if (!poses.length) this.#poses.delete(person);
    }
  }

  // Keeps the movement of an event that has just been told, by its number within the session and by a stream of some
  // sensitivity.
  tell(number, event, sensitivity = 0.5) {
    const { LEAST, MOST } = constants.recent, poses = [...(this.#poses.get(event.person) ?? [])];
    const recording = shownIn(poses);
    if (recording.length < LEAST) return;
    const startS = Math.max(event.startS, recording[0].timeS);
    if (event.endS <= startS) return;
    const shown = { label: event.label, startS, endS: event.endS, poses, sensitivity };
    this.#events = [...this.#events, [number, shown]].slice(-MOST);
  }

  // An event by its number, null if it is not here any more.
  find(number) {
    return this.#events.find(([known]) => known === number)?.[1] ?? null;
  }
}
