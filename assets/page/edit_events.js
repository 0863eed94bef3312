// The events that are being corrected, with undo and redo. Nothing here touches the page.
const LEAST_S = 0.1; // of an event
const MOST_BACK = 200; // steps back

const round = (t) => Math.round(1000 * t) / 1000;
const sorted = (events) => [...events].sort((a, b) => a.start - b.start || a.end - b.end || a.id - b.id);

export class Edits {
  // seconds: of the recording; rows: [person, label, start, end, score]
  constructor(seconds, rows) {
    [this.seconds, this.past, this.future, this.selected, this.count] = [seconds, [], [], null, 0];
    this.events = [];
    this.held = null; // the events before what is being dragged or painted
    this.events = sorted(rows.map((row) => this.made(...row)));
  }

  made(person, label, start, end, score = 1) {
    return { id: this.count++, person, label, start: round(start), end: round(end), score };
  }

  rows() {
    return this.events.map(({ person, label, start, end, score }) => [person, label, start, end, score]);
  }

  one(id = this.selected) {
    return this.events.find((event) => event.id === id) ?? null;
  }

  // Begins a change that is shown while it goes on, as a drag is; `drop` ends it.
  hold() {
    this.held ??= this.events;
  }

  drop() {
    const before = this.held;
    this.held = null;
    if (before && before !== this.events) this.#keep(before);
  }

  cancel() {
    if (this.held) this.events = this.held;
    this.held = null;
  }

  #keep(before) {
    this.events = this.#joined(sorted(this.events));
    this.past = [...this.past, before].slice(-MOST_BACK);
    this.future = [];
  }

  #to(events) {
    const before = this.events;
    this.events = events;
    if (!this.held) this.#keep(before);
  }

  // One person does not do the same thing twice at a time.
  #joined(events) {
    const kept = [];
    for (const event of events) {
      const same = kept.findIndex((it) => it.person === event.person && it.label === event.label && event.start < it.end);
      if (same < 0) kept.push(event);
      else {
        kept[same] = { ...kept[same], end: Math.max(kept[same].end, event.end), score: 1 };
        if (this.selected === event.id) this.selected = kept[same].id;
      }
    }
    return kept;
  }

  // What a person said of an event is sure.
  set(id, change) {
    const one = this.one(id);
    if (!one || Object.entries(change).every(([key, value]) => one[key] === value)) return;
    this.#to(this.events.map((event) => (event === one ? { ...event, ...change, score: 1 } : event)));
  }

  // The edge cannot pass the other one, nor the recording's ends. Gives where it is now.
  edge(id, side, t) {
    const event = this.one(id);
    if (!event) return t;
    const to = side === "start" ? Math.min(Math.max(0, t), event.end - LEAST_S)
      : Math.max(Math.min(this.seconds, t), event.start + LEAST_S);
    if (round(to) !== event[side]) this.set(id, { [side]: round(to) });
    return to;
  }

  add(person, label, start, end) {
    const from = Math.max(0, Math.min(start, this.seconds - LEAST_S));
    const event = this.made(person, label, from, Math.max(from + LEAST_S, Math.min(end, this.seconds)));
    this.selected = event.id;
    this.#to([...this.events, event]);
    return event.id;
  }

  remove(id = this.selected) {
    if (!this.one(id)) return;
    if (this.selected === id) this.selected = null;
    this.#to(this.events.filter((event) => event.id !== id));
  }

  split(t, id = this.selected) {
    const event = this.one(id);
    if (!event || t - event.start < LEAST_S || event.end - t < LEAST_S) return false;
    const after = { ...event, id: this.count++, start: round(t) };
    this.#to([...this.events.filter((it) => it !== event), { ...event, end: round(t) }, after]);
    return true;
  }

  // With the same person's next event, whose label goes.
  merge(id = this.selected) {
    const event = this.one(id), next = event && this.#next(event);
    if (!next) return false;
    const both = { ...event, end: Math.max(event.end, next.end), score: 1 };
    this.#to([...this.events.filter((it) => it !== event && it !== next), both]);
    return true;
  }

  #next(event) {
    const later = this.events.slice(this.events.indexOf(event) + 1);
    return later.find((it) => it.person === event.person);
  }

  step(by) {
    if (!this.events.length) return null;
    const place = this.events.findIndex((event) => event.id === this.selected);
    const to = place < 0 ? (by > 0 ? 0 : this.events.length - 1) : place + by;
    this.selected = this.events[Math.min(this.events.length - 1, Math.max(0, to))].id;
    return this.one();
  }

  at(t) {
    return this.events.find(({ start, end }) => start <= t && t < end) ?? null;
  }

  undo() {
    this.#back(this.past, this.future);
  }

  redo() {
    this.#back(this.future, this.past);
  }

  #back(from, to) {
    this.cancel();
    if (!from.length) return;
    to.push(this.events);
    this.events = from.pop();
    if (!this.one()) this.selected = null;
  }
}

// The rows on which events are drawn, so that those of one person that overlap stand below each other:
// [{person, events}], persons in order.
export function lanesOf(events, persons) {
  const lanes = [];
  for (const person of persons) {
    const mine = [{ person, events: [] }];
    for (const event of sorted(events.filter((it) => it.person === person))) { // what is dragged may be out of order
      let lane = mine.find(({ events: there }) => !there.length || there[there.length - 1].end <= event.start);
      if (!lane) mine.push(lane = { person, events: [] });
      lane.events.push(event);
    }
    lanes.push(...mine);
  }
  return lanes;
}
