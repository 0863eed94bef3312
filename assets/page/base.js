// What the other scripts share: looking things up, numbers as text and back, colours, saving a file.
(() => {
  const ikem = window.ikem;

  ikem.byId = (id) => document.getElementById(id);
  ikem.say = (id, text) => {
    const element = ikem.byId(id);
    if (element && element.textContent !== text) element.textContent = text;
  };
  // How large an element is shown, in CSS pixels. Asking the element itself, with each frame, would lay the page out.
  const sizes = new WeakMap();
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) sizes.set(target, { w: target.clientWidth, h: target.clientHeight });
  });
  ikem.sizeOf = (element) => {
    if (!sizes.has(element)) {
      sizes.set(element, { w: element.clientWidth, h: element.clientHeight });
      watcher.observe(element);
    }
    return sizes.get(element);
  };
  // Taught actions are called as people named them; each keeps its colour for as long as the page is open.
  const named = []; // in the order of their colours
  let mine = new Set();
  ikem.knows = (names) => { mine = new Set(names); };
  ikem.word = (label) => (!mine.has(label) && Object.hasOwn(ikem.settings.words, label) ? ikem.settings.words[label] : label);
  ikem.percent = (score) => `${Math.round(score * 100)}%`;
  ikem.clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
  ikem.calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  // Base64 of little-endian int16, in units of `step`.
  ikem.unpack = (text, step = 1) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), view = new DataView(bytes.buffer);
    return Float32Array.from({ length: bytes.length / 2 }, (_, i) => view.getInt16(2 * i, true) * step);
  };

  // Colours of one lightness, so that white text on each of them can be read.
  ikem.tint = (label) => {
    if (label === "idle") return "oklch(0.55 0.02 230)";
    const own = ikem.settings.labels.indexOf(label);
    if (own < 0 && !named.includes(label)) named.push(label);
    const place = own < 0 ? ikem.settings.labels.length + named.indexOf(label) : own;
    return `oklch(0.54 0.11 ${(180 + place * 137.5) % 360})`;
  };
  const PEOPLE = ["#0b7a6c", "#8a4fd0", "#b4541a", "#2667c9", "#b0306a", "#5c7000"];
  ikem.personTint = (person) => PEOPLE[person % PEOPLE.length];
  ikem.person = (person) => `P${person}`;

  // Arrow keys go from tab to tab, as screen readers tell their users; Gradio's own tabs do not know them.
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.('[role="tab"]'), step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!tab || !step) return;
    const tabs = [...tab.parentElement.querySelectorAll('[role="tab"]')];
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
    event.preventDefault();
  });

  ikem.save = (name, type, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
})();
