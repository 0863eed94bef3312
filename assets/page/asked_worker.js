// A worker that the page asks one thing at a time or several: each question has a promise of the answer.
const STUCK_MS = 60_000; // loading on a slow line and machine included; looking at pictures has its own limit

class WorkerError extends Error {}

export class AskedWorker {
  #waiting = new Map(); // number of a question -> [done, fail, timer]
  #number = 0;

  // worker: one that answers as served.js does.
  constructor(worker) {
    this.worker = worker;
    worker.onmessage = ({ data }) => this.#arrived(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.end(event.message || "a part of the recogniser did not load");
    };
    worker.onmessageerror = () => this.end("a part of the recogniser sent nothing readable");
  }

  ask(deed, given = {}, transfer = [], limitMs = STUCK_MS) {
    const number = ++this.#number;
    return new Promise((done, fail) => {
      if (!this.worker) return fail(new WorkerError("the recogniser was ended"));
      const timer = setTimeout(() => this.end("the recogniser does not answer any more"), limitMs);
      this.#waiting.set(number, [done, fail, timer]);
      this.worker.postMessage({ number, do: deed, ...given }, transfer);
    });
  }

  // Ends it; whoever waits hears why.
  end(why = "the recogniser was ended") {
    this.worker?.terminate();
    this.worker = null;
    for (const [, fail, timer] of this.#waiting.values()) {
      clearTimeout(timer);
      fail(new WorkerError(why));
    }
    this.#waiting.clear();
  }

  #arrived({ number, value, failed }) {
    const [done, fail, timer] = this.#waiting.get(number) ?? [];
    if (!done) return;
    this.#waiting.delete(number);
    clearTimeout(timer);
    if (failed) fail(Object.assign(new WorkerError(failed.text), { kind: failed.kind }));
    else done(value);
  }
}
