// The Teach tab: a countdown, a recording by the stream's own clock, and the actions that were taught.
(() => {
  const ikem = window.ikem, { byId } = ikem;
  const COUNT_S = 3;
  const MOST_FILE = 16 << 20; // bytes of a pack; the server takes no more
  const requests = []; // to the server, the next one first
  const cards = new Map(); // name of a clip -> its element, a moving skeleton
  let phase = ""; // "", or in turn: asking, counting, starting, recording, learning
  let wanted = null, since = null, loaded = false;

  const ask = (request) => {
    requests.push(request);
    byId("teach-send")?.click();
  };
  ikem.teachAsks = () => ({ ...requests.shift(), have: [...cards.keys()] });

  function tell(text, failed = false) {
    const line = byId("teach-said");
    line.textContent = text;
    line.hidden = !text;
    line.classList.toggle("failed", failed);
  }

  const LABELS = { "": "Record", asking: "Record", counting: "Cancel", starting: "Cancel", recording: "Done", learning: "Learning" };

  function go(to) {
    [phase, since] = [to, null];
    const button = byId("teach-record"), busy = to === "counting" || to === "starting";
    button.textContent = LABELS[to];
    button.disabled = to === "asking" || to === "learning";
    byId("count").hidden = !busy;
    byId("count-number").textContent = COUNT_S;
    byId("teach-bar").hidden = byId("teach-done").hidden = to !== "recording";
    byId("teach-mark").hidden = to !== "recording";
    enable();
  }

  // Nothing else is changed while a recording goes on.
  function enable() {
    for (const other of document.querySelectorAll("#teach .while-idle, #teach-save, #teach-load, #teach-only")) {
      other.disabled = Boolean(phase) || (other.id === "teach-save" && !cards.size);
    }
  }

  function record(name, counter) {
    if (phase) return;
    if (!name.trim()) {
      tell("Give the action a name first", true);
      return byId("teach-name").focus();
    }
    wanted = { name, counter, seconds: Number(byId("teach-seconds").value) };
    go("asking");
    ask({ do: "start", name, counter }); // whether the name can be used; begun anew after the countdown
  }

  async function count(name) {
    wanted.name = name;
    byId("count-text").textContent = wanted.counter ? `What "${name}" is not` : `Get ready: "${name}"`;
    tell("");
    go("counting");
    if (ikem.running()) return byId("stage").scrollIntoView({ block: "nearest", behavior: "smooth" });
    await ikem.startCamera();
    byId("teach-record").focus({ preventScroll: true });
  }

  function finish() {
    if (phase !== "recording") return;
    go("learning");
    tell("Learning ...");
    ask({ do: "stop" });
  }

  ikem.cancelTeaching = (text) => {
    if (!phase || phase === "learning") return;
    go("");
    ask({ do: "cancel" });
    tell(text, true);
  };

  // The stream's clock, with each answer: a page whose camera stands still counts nothing.
  ikem.teachFrame = ({ t }) => {
    if (phase !== "counting" && phase !== "recording") return;
    since ??= t;
    const gone = t - since;
    if (phase === "counting") {
      byId("count-number").textContent = Math.max(1, Math.ceil(COUNT_S - gone));
      if (gone < COUNT_S) return;
      go("starting");
      byId("count-number").textContent = "Go";
      ask({ do: "start", name: wanted.name, counter: wanted.counter });
      return;
    }
    const left = wanted.seconds - gone;
    byId("teach-mark").textContent = `Recording "${wanted.name}", ${Math.max(0, Math.ceil(left))} s left`;
    byId("teach-bar").firstElementChild.style.transform = `scaleX(${Math.min(1, gone / wanted.seconds)})`;
    if (left <= 0) finish();
  };

  function clip(name, data, title) {
    const card = document.createElement("li");
    card.className = "clip";
    const picture = document.createElement(data ? "canvas" : "span");
    picture.className = data ? "motion" : "no-motion";
    picture.setAttribute("aria-hidden", "true");
    if (data) {
      const fps = (data.frames - 1) / (ikem.settings.window + 1); // half a second more on either side of a window
      Object.assign(picture.dataset, { joints: data.joints, frames: data.frames, fps, ground: "", mirrored: ikem.mirrored() ? "1" : "" });
    } else picture.textContent = "?";
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "delete while-idle", textContent: "\u00d7", title: "Delete this example" });
    button.setAttribute("aria-label", title);
    button.dataset.clip = name;
    card.append(picture, button);
    return card;
  }

  function row(names, clips, title) {
    const list = document.createElement("ul");
    list.className = "clips";
    list.setAttribute("aria-label", title);
    for (const name of names) {
      if (!cards.has(name)) cards.set(name, clip(name, clips[name], `Delete: ${title}`));
      list.append(cards.get(name));
    }
    return list;
  }

  function button(text, deed, name) {
    const element = document.createElement("button");
    Object.assign(element, { type: "button", className: "small-button while-idle", textContent: text });
    Object.assign(element.dataset, { deed, name });
    return element;
  }

  function section({ name, shown, not, count, advice }, clips) {
    const element = document.createElement("section");
    element.className = "taught-action";
    element.innerHTML = '<div class="taught-head"><i class="dot"></i><h3></h3><span class="quiet"></span></div><p class="advice"></p>';
    element.querySelector("i").style.background = ikem.tint(name);
    element.querySelector("h3").textContent = name;
    element.querySelector("span").textContent = count === 1 ? "1 example" : `${count} examples`;
    const note = element.querySelector("p");
    note.textContent = advice.charAt(0).toUpperCase() + advice.slice(1);
    note.hidden = !advice;
    element.append(row(shown, clips, `example of ${name}`));
    if (not.length) {
      const caption = document.createElement("p");
      caption.className = "quiet";
      caption.textContent = "What it is not";
      element.append(caption, row(not, clips, `what ${name} is not`));
    }
    const deeds = document.createElement("div");
    deeds.className = "deeds";
    deeds.append(button("Record more", "more", name), button("Record what it is not", "not", name), button("Forget", "forget", name));
    element.append(deeds);
    return element;
  }

  function show({ actions, clips, only }) {
    const names = actions.map(({ name }) => name);
    ikem.knows(names);
    const kept = new Set(actions.flatMap(({ shown, not }) => [...shown, ...not]));
    for (const name of cards.keys()) if (!kept.has(name)) cards.delete(name);
    const empty = document.createElement("p");
    empty.className = "quiet none";
    empty.textContent = "None yet. What you teach appears here, one small skeleton for each time you did it.";
    byId("taught").replaceChildren(...(actions.length ? actions.map((action) => section(action, clips)) : [empty]));
    byId("teach-only").checked = only;
  }

  function save(file) {
    const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
    ikem.save("my.pack", "application/octet-stream", bytes);
  }

  ikem.taught = (answer) => {
    if (!answer) return;
    const { did, said, failed, file, recording } = answer;
    show(answer);
    if (said) tell(said, failed);
    if (file) save(file);
    if (did === "start" && failed) go("");
    else if (did === "start" && phase === "asking") count(recording);
    else if (did === "start" && phase === "starting") go("recording");
    else if (did === "stop") {
      go("");
      if (!failed) byId("teach-name").value = "";
    } else enable();
  };

  async function load(file) {
    if (!file) return;
    if (file.size > MOST_FILE) return tell(`${file.name} is larger than a pack can be here (16 MB)`, true);
    const text = await new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.onerror = () => done("");
      reader.readAsDataURL(file);
    });
    ask({ do: "load", name: file.name, file: text.slice(text.indexOf(",") + 1) });
  }

  const DEEDS = {
    more: (name) => record(name, false),
    not: (name) => record(name, true),
    forget: (name) => window.confirm(`Forget "${name}" and its examples?`) && ask({ do: "forget", name }),
  };

  document.addEventListener("submit", (event) => {
    if (event.target.id !== "teach-form") return;
    event.preventDefault();
    if (phase === "recording") finish();
    else if (phase) ikem.cancelTeaching("Cancelled: nothing was recorded");
    else record(byId("teach-name").value, false);
  });
  document.addEventListener("click", ({ target }) => {
    const { id, dataset } = target.closest("button, #teach-tab-button") || {};
    if (!id && !dataset) return;
    if (id === "teach-done") finish();
    if (id === "teach-save") ask({ do: "save" });
    if (id === "teach-load" && (!cards.size || window.confirm("A pack takes the place of the actions that you have here. Load one?"))) byId("teach-file").click();
    if (dataset.clip) ask({ do: "delete", clip: dataset.clip });
    DEEDS[dataset.deed]?.(dataset.name);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id === "teach-only") ask({ do: "only", on: target.checked });
    if (target.id !== "teach-file") return;
    load(target.files[0]);
    target.value = ""; // the same file may be chosen again
  });

  // What the visitor begins with, once the tab is there.
  new MutationObserver((_, observer) => {
    if (loaded || !byId("taught") || !byId("teach-send") || byId("start")?.disabled !== false) return;
    loaded = true;
    observer.disconnect();
    ask({ do: "look" });
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
})();
