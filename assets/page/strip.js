// The timeline: a strip of the last half minute that runs to the left, and the list of actions that ended.
(() => {
  const SPAN_S = 30, DRAW_MS = 80, LIST = 8;
  let stretches = []; // {label, start, end} of the label shown, stream seconds
  let drawn = 0, zero = 0;

  window.ikem.colour = (label) => {
    if (label === "idle") return "hsl(210 12% 62%)";
    const place = Math.max(0, window.ikem.settings.labels.indexOf(label));
    return `hsl(${(168 + place * 137.5) % 360} 50% 46%)`;
  };

  function remember({ t, label }) {
    const last = stretches[stretches.length - 1];
    if (last && t < last.start) stretches = []; // another stream
    if (label && last && last.label === label && t - last.end < 1.2) last.end = t;
    else if (label) stretches.push({ label, start: t, end: t });
    stretches = stretches.filter(({ end }) => end > t - SPAN_S);
  }

  function paint(t) {
    const strip = document.getElementById("strip");
    if (!strip) return;
    const dense = window.devicePixelRatio || 1, width = strip.clientWidth, height = 34;
    if (strip.width !== Math.round(width * dense)) strip.width = Math.round(width * dense);
    if (strip.height !== Math.round(height * dense)) strip.height = Math.round(height * dense);
    const pen = strip.getContext("2d");
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = "600 13px system-ui, sans-serif";
    pen.textBaseline = "middle";
    for (const { label, start, end } of stretches) {
      const left = Math.max(0, width * (1 - (t - start) / SPAN_S)), right = width * (1 - (t - end) / SPAN_S);
      const text = window.ikem.settings.words[label] || label;
      pen.fillStyle = window.ikem.colour(label);
      pen.beginPath();
      pen.roundRect(left, 3, Math.max(2, right - left - 1.5), height - 6, 6);
      pen.fill();
      pen.fillStyle = "#ffffff";
      if (pen.measureText(text).width + 14 < right - left) pen.fillText(text, left + 8, height / 2 + 1);
    }
  }

  function list([label, start, end, score]) {
    const events = document.getElementById("events");
    if (!events) return;
    events.querySelector(".quiet")?.remove();
    const item = document.createElement("li");
    const at = new Date(zero + start * 1000).toLocaleTimeString([], { hour12: false });
    item.innerHTML = "<i></i><b></b><span></span>";
    item.children[0].style.background = window.ikem.colour(label);
    item.children[1].textContent = window.ikem.settings.words[label] || label;
    item.children[2].textContent = `${at}, ${(end - start).toFixed(1)} s, ${Math.round(score * 100)}%`;
    events.prepend(item);
    while (events.children.length > LIST) events.lastChild.remove();
  }

  window.ikem.happened = (answer, now) => {
    zero = Date.now() - answer.t * 1000;
    remember(answer);
    answer.events.forEach(list);
    if (now < drawn + DRAW_MS) return;
    drawn = now;
    paint(answer.t);
  };
})();
