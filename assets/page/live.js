// What the panel says: the action in words, the likeliest few, the three views of the movement, and the speed.
(() => {
  const ikem = window.ikem, { byId, say, word, percent } = ikem;
  const CALM_MS = 180; // words and bars change at most so often: the eye reads, it does not race
  const QUIET_MS = 600; // so long nothing must stand out before an action's name goes away
  const SPOKEN_MS = 2500; // a screen reader is told at most so often
  const LEAST = 0.01, LEVELS = 25; // of the bars: the lowest score that is shown, and steps that count as a difference
  const LATE_MS = 1500; // answers that are older on average follow nobody
  const MODALITIES = { joint: "joints", bone: "bones", motion: "motions" };
  const GLIDE_MS = 90; // in which a bar goes most of its way
  const answers = []; // times of the last answers, ms
  let calmUntil = 0, age = 0, server = 0, dropped = 0, shown = "", quietSince = 0, spokenAt = 0, glidAt = 0;
  let order = []; // labels of the bars

  function speed(now, answer, picture) {
    answers.push(now);
    while (answers[0] < now - 2000) answers.shift();
    const since = performance.now() - picture.taken;
    age += (age ? 0.1 : 1) * (since - age);
    dropped += picture.passed;
    ikem.measured?.push([now, since, picture.passed]);
    server += (server ? 0.1 : 1) * (answer.ms - server);
    const span = now - answers[0];
    return span > 300 ? (1000 * (answers.length - 1)) / span : 0;
  }

  function bar(parent, key, name) {
    let row = parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!row) {
      row = document.createElement("div");
      row.className = "bar";
      row.dataset.key = key;
      row.innerHTML = '<span class="bar-name"></span><span class="bar-track"><i></i></span><span class="bar-score"></span>';
      row.firstChild.textContent = name;
      row.bar = row.querySelector("i");
      parent.appendChild(row);
    }
    return row;
  }

  // A bar moves on with the answers' own drawing: a transition would have the browser put the page together at every
  // refresh of the screen, for as long as somebody moves.
  function fill(row, score) {
    row.score = score === null ? 0 : Math.max(0.004, score);
    const text = score === null ? "" : percent(score);
    if (row.lastChild.textContent !== text) row.lastChild.textContent = text;
  }

  function glide(share) {
    for (const parent of [byId("bars"), byId("modalities")]) {
      for (const row of parent.children) {
        if (row.score === undefined || row.drawn === row.score) continue;
        const left = row.score - (row.drawn || 0);
        row.drawn = Math.abs(left) < 0.005 ? row.score : row.score - left * (1 - share);
        row.bar.style.transform = `scaleX(${row.drawn.toFixed(4)})`;
      }
    }
  }

  // What rounds to nothing is left out, and rows that are nearly equal keep their order: they would only change places.
  function calm(top) {
    const before = (label) => (order.includes(label) ? order.indexOf(label) : order.length);
    const [first, ...rest] = top.filter(([, score], place) => !place || score >= LEAST);
    rest.sort(([a, p], [b, q]) => Math.round(q * LEVELS) - Math.round(p * LEVELS) || before(a) - before(b));
    order = [first, ...rest].map(([label]) => label);
    return [first, ...rest];
  }

  // Rows glide to their places and fade when they drop out, so that a change of order can be followed.
  function bars(top) {
    const parent = byId("bars"), kept = new Set(top.map(([label]) => label));
    for (const row of [...parent.children]) if (!kept.has(row.dataset.key)) row.remove();
    top.forEach(([label, score], place) => {
      const row = bar(parent, label, word(label));
      const moved = `translateY(${place * 100}%)`;
      if (row.style.transform !== moved) row.style.transform = moved;
      row.classList.toggle("first", place === 0);
      fill(row, score);
    });
  }

  const modality = (name) => bar(byId("modalities"), name, MODALITIES[name] || name);

  function modalities(scores, label) {
    say("seen-by", label ? `Each view's score for "${word(label)}"` : "");
    scores.forEach((score, i) => fill(modality(ikem.settings.modalities[i]), score));
  }

  function headline(text, sure, quiet) {
    say("action", text.charAt(0).toUpperCase() + text.slice(1));
    say("sure", sure);
    const action = byId("action");
    action?.classList.toggle("idle", quiet);
    action?.classList.toggle("long", text.length > 12);
    action?.classList.toggle("longer", text.length > 18);
  }

  function speak(text, now) {
    if (text === byId("spoken")?.textContent || now - spokenAt < SPOKEN_MS) return;
    spokenAt = now;
    say("spoken", text);
  }

  function whyNot([label, score, threshold]) {
    const start = `Closest: ${word(label)} with ${percent(score)}`;
    return score < threshold ? `${start}, below the threshold of ${percent(threshold)}` : `${start}, but nothing is likelier`;
  }

  // [what is shown, its words, the line below, whether it is no action].
  function state(answer) {
    if (!answer.people) return ["nobody", "Nobody in view", "Step into the picture", true];
    if (!answer.top.length) return ["watching", "Watching", "A few seconds of movement are needed", true];
    if (!answer.label) return ["unsure", "Not sure", answer.closest ? whyNot(answer.closest) : "Nothing stands out yet", true];
    return [answer.label, word(answer.label), `${percent(answer.score)} sure`, answer.label === "idle"];
  }

  function sayAnswer(answer, now) {
    const [what, text, line, quiet] = state(answer);
    // A name that goes for a moment and comes back would flicker: what is no action has to stay a while first.
    if (!quiet || what === shown) quietSince = now;
    if (quiet && what !== shown && now - quietSince < QUIET_MS) return;
    shown = what;
    headline(text, line, quiet);
    speak(text, now);
    const main = answer.persons.find((person) => person.main);
    say("whose", answer.persons.length > 1 && main ? `${ikem.person(main.id)}, the nearest of ${answer.people} people` : "");
  }

  function recording(state) {
    const mark = byId("recording-mark");
    if (!mark) return;
    mark.hidden = !state;
    mark.classList.toggle("failed", state === "failed");
    const text = state === "failed" ? "Recording stopped: the file cannot be written" : "Recording landmarks, no pictures";
    if (mark.textContent !== text) mark.textContent = text;
  }

  // What to say while answers come too late, "" while they do not.
  ikem.late = () => (age < LATE_MS ? ""
    : `Too busy to follow: what is shown is ${(age / 1000).toFixed(0)} seconds old. Other programs or visitors need the processor`);

  ikem.reset = (text, sure) => {
    headline(text, sure, true);
    byId("start").disabled = false; // the page has built itself
    shown = "";
    calmUntil = quietSince = age = server = dropped = answers.length = 0;
    byId("bars").innerHTML = '<p class="quiet">The five likeliest actions appear once somebody moves</p>';
    ikem.settings.modalities.forEach((name) => fill(modality(name), null));
    glide(1);
    for (const id of ["fps", "age", "dropped", "server"]) say(id, "\u2013");
    say("whose", "");
    say("seen-by", "");
    recording(ikem.settings.recording ? "on" : "");
    ikem.sees(null);
  };

  // What Gradio brings: the key to the way of the pictures, and the events that ended with the camera.
  ikem.told = (answer) => {
    if (answer?.key) ikem.setKey(answer.key);
    answer?.stopped?.forEach((event) => ikem.ended(event));
  };

  // The answer to a picture, of which {taken: when the camera took it, ms; passed: how many before it were not sent}.
  ikem.update = (answer, picture) => {
    if (!ikem.running()) return;
    if (answer.full) return ikem.refuse("Full");
    ikem.draw(answer.persons);
    ikem.answered = (ikem.answered || 0) + 1;
    const now = performance.now(), fps = speed(now, answer, picture);
    ikem.happened(answer, now);
    ikem.teachFrame(answer);
    if (answer.sees) ikem.sees(answer.sees);
    ikem.moveFigure();
    glide(ikem.calm.matches ? 1 : Math.min(1, (now - glidAt) / GLIDE_MS));
    glidAt = now;
    if (now < calmUntil) return;
    calmUntil = now + CALM_MS;
    sayAnswer(answer, now);
    recording(answer.recording);
    if (answer.top.length) {
      bars(calm(answer.top));
      modalities(answer.modalities, answer.label || answer.top[0][0]);
    }
    say("fps", fps ? fps.toFixed(0) : "\u2013");
    say("age", age ? age.toFixed(0) : "\u2013");
    say("dropped", String(dropped));
    say("server", server.toFixed(0));
  };
})();
