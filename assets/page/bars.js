// Scores as bars: the likeliest few actions, and the three views of the movement.
import { byId, calm, say } from "./dom.js";
import { percent, word } from "./names.js";
import { settings } from "./settings.js";

const LEAST = 0.01, LEVELS = 25; // the lowest score that is shown, and steps that count as a difference
const GLIDE_MS = 90; // in which a bar goes most of its way
const MODALITIES = { joint: "position", bone: "posture", motion: "movement" };

let order = []; // labels of the bars
let glidAt = 0; // ms

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

function fill(row, score, number = "") {
  row.score = score === null ? 0 : Math.max(0.004, score);
  if (row.lastChild.textContent !== number) row.lastChild.textContent = number;
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

// A bar moves on with the answers' own drawing: a transition would have the browser put the page together at every
// refresh of the screen, for as long as somebody moves.
export function glideBars(now) {
  glide(calm.matches ? 1 : Math.min(1, (now - glidAt) / GLIDE_MS));
  glidAt = now;
}

// What rounds to nothing is left out, and rows that are nearly equal keep their order: they would only change places.
function steady(top) {
  const before = (label) => (order.includes(label) ? order.indexOf(label) : order.length);
  const [first, ...rest] = top.filter(([, score], place) => !place || score >= LEAST);
  rest.sort(([a, p], [b, q]) => Math.round(q * LEVELS) - Math.round(p * LEVELS) || before(a) - before(b));
  order = [first, ...rest].map(([label]) => label);
  return [first, ...rest];
}

// Rows glide to their places and fade when they drop out, so that a change of order can be followed. A number stands
// only where the words say the same.
function showLikeliest(top, said) {
  const parent = byId("bars"), kept = new Set(top.map(([label]) => label));
  for (const row of [...parent.children]) if (!kept.has(row.dataset.key)) row.remove();
  top.forEach(([label, score], place) => {
    const row = bar(parent, label, word(label));
    const moved = `translateY(${place * 100}%)`;
    if (row.style.transform !== moved) row.style.transform = moved;
    row.classList.toggle("first", place === 0);
    fill(row, score, said.sure && label === said.label ? percent(score) : "");
  });
}

const modality = (name) => bar(byId("modalities"), name, MODALITIES[name] || name);

function showModalities(scores, label) {
  say("seen-by", label ? `What speaks for "${word(label)}"` : "");
  scores.forEach((score, i) => fill(modality(settings.modalities[i]), score));
}

export function showBars(answer, said) {
  if (said.label === null) return resetBars();
  showLikeliest(steady(answer.top), said);
  showModalities(answer.modalities, said.label);
}

export function resetBars() {
  if (byId("bars").querySelector("p")) return;
  byId("bars").innerHTML = '<p class="quiet">The five likeliest actions appear once somebody moves</p>';
  settings.modalities.forEach((name) => fill(modality(name), null));
  glide(1);
  say("seen-by", "");
}
