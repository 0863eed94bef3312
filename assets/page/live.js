// What the panel says: the action in words, the likeliest few, the three views of the movement, and the speed.
(() => {
  const byId = (id) => document.getElementById(id);
  const set = (id, text) => { const e = byId(id); if (e && e.textContent !== text) e.textContent = text; };
  const percent = (score) => `${Math.round(score * 100)}%`;
  const CALM_MS = 180; // words and bars change at most so often: the eye reads, it does not race
  const MODALITIES = { joint: "joints", bone: "bones", motion: "motions" };
  const answers = []; // times of the last answers, ms
  const posts = []; // times of the last pictures sent, ms
  let calmUntil = 0, trip = 0, server = 0;

  // Gradio sends pictures by fetch; the answer belongs to the newest one sent before the server began with it.
  const send = window.fetch.bind(window);
  window.fetch = (target, options) => {
    if (/\/stream\/[^/]+$/.test(String(target?.url || target))) {
      posts.push(performance.now());
      if (posts.length > 60) posts.shift();
    }
    return send(target, options);
  };

  function speed(now, serverMs) {
    answers.push(now);
    while (answers[0] < now - 2000) answers.shift();
    const sent = posts.findLast((time) => time <= now - serverMs);
    if (sent !== undefined) trip += (trip ? 0.1 : 1) * (now - sent - trip);
    server += (server ? 0.1 : 1) * (serverMs - server);
    const span = now - answers[0];
    return span > 300 ? (1000 * (answers.length - 1)) / span : 0;
  }

  function bar(parent, key, name) {
    let row = parent.querySelector(`[data-key="${key}"]`);
    if (!row) {
      row = document.createElement("div");
      row.className = "bar";
      row.dataset.key = key;
      row.innerHTML = '<span class="bar-name"></span><span class="bar-track"><i></i></span><span class="bar-score"></span>';
      row.firstChild.textContent = name;
      parent.appendChild(row);
    }
    return row;
  }

  function fill(row, score) {
    row.querySelector("i").style.transform = `scaleX(${Math.max(0.004, score || 0)})`;
    row.lastChild.textContent = score === null ? "" : percent(score);
  }

  // Rows glide to their places and fade when they drop out, so that a change of order can be followed.
  function bars(top) {
    const parent = byId("bars"), { words } = window.ikem.settings;
    const kept = new Set(top.map(([label]) => label));
    for (const row of [...parent.children]) if (!kept.has(row.dataset.key)) row.remove();
    top.forEach(([label, score], place) => {
      const row = bar(parent, label, words[label] || label);
      row.style.transform = `translateY(${place * 100}%)`;
      row.classList.toggle("first", place === 0);
      fill(row, score);
    });
  }

  function modalities(scores, label) {
    const { modalities: names, words } = window.ikem.settings;
    set("seen-by", label ? `each one's score for "${words[label] || label}"` : "");
    scores.forEach((score, i) => fill(bar(byId("modalities"), names[i], MODALITIES[names[i]] || names[i]), score));
  }

  function say(text, sure, quiet) {
    set("action", text);
    set("sure", sure);
    byId("action")?.classList.toggle("idle", quiet);
  }

  function sayAnswer(answer) {
    const { words } = window.ikem.settings;
    if (!answer.people) return say("Nobody in view", "Step into the picture", true);
    if (!answer.top.length) return say("Watching", "A few seconds of movement are needed", true);
    if (!answer.label) return say("Not sure", "Nothing stands out yet", true);
    return say(words[answer.label] || answer.label, `${percent(answer.score)} sure`, answer.label === "idle");
  }

  window.ikem.reset = (text, sure) => {
    say(text, sure, true);
    byId("bars").innerHTML = '<p class="quiet">The five likeliest actions, once you move.</p>';
    window.ikem.settings.modalities.forEach((name) => fill(bar(byId("modalities"), name, MODALITIES[name] || name), null));
    for (const id of ["fps", "trip", "server"]) set(id, "\u2013");
    set("seen-by", "");
    answers.length = posts.length = trip = server = 0;
  };

  window.ikem.update = (answer) => {
    if (!answer || !window.ikem.running()) return;
    if (answer.full) return window.ikem.refuse("Full");
    const now = performance.now(), fps = speed(now, answer.ms);
    window.ikem.draw(answer.pose);
    window.ikem.happened(answer, now);
    if (now < calmUntil) return;
    calmUntil = now + CALM_MS;
    window.ikem.note(answer.people ? answer.note : "");
    sayAnswer(answer);
    bars(answer.top);
    if (answer.modalities.length) modalities(answer.modalities, answer.label || answer.top[0][0]);
    set("fps", fps ? fps.toFixed(0) : "\u2013");
    set("trip", trip.toFixed(0));
    set("server", server.toFixed(0));
  };
})();
