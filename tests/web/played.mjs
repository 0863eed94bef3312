// A recording played through the session of the page, where each window is answered before the next picture comes.

// {events: as they are told, each once; said: of each picture [[person, label]] ; scores: of each window [fused,
// modality]}. frames: [[timeS, [[number, pose]]]]; make: function of `windows` that gives the session; windows: as that
// of the page gives them.
export async function played(make, windows, frames) {
  const events = new Map(), said = [], scores = [];
  let latest = null; // the promise of the window that is under way
  const tell = (told) => told.forEach((event) => events.set(event[0], event));
  const session = make((asked) => (latest = windows(asked)));
  for (const [timeS, people] of frames) {
    const answer = session.frame({ timeS, poses: people.map(([, pose]) => pose), sensitivity: 0.5, ms: 0 });
    tell(answer.events);
    said.push(answer.persons.map(({ id, label }) => [id, label]));
    while (latest) { // the session waited for it first, and has asked for the next person's by now
      const mine = latest;
      latest = null;
      const { scores: fused, modality_scores: modality } = await mine;
      scores.push([[...fused], [...modality]]);
    }
    if (session.failed) throw new Error(session.failed);
  }
  tell(session.finish().stopped);
  return { events: [...events.values()], said, scores };
}
