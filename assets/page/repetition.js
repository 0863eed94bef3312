// One more repetition: what an answer's number is to the number before. Touches no element of the page.

const LINGER_S = 3; // the last number can be read so long after an action, unless another action begins

// State: {label, person, count, t: when it was last said, up: whether this answer counts up}; count null: no number.
export const NONE = Object.freeze({ session: null, label: null, person: null, count: null, t: 0, up: false });

export function counted(before, { s, t, label, count, persons }) {
  const person = persons.find(({ main }) => main)?.id ?? null;
  const same = s === before.session && person === before.person;
  if (typeof count === "number") {
    const last = same && label === before.label && before.count !== null ? before.count : 0;
    return { session: s, label, person, count, t, up: count > last };
  }
  const acts = label !== null && label !== "idle" && label !== before.label;
  const over = !same || acts || before.count === null || t - before.t > LINGER_S;
  return over ? NONE : { ...before, up: false };
}
