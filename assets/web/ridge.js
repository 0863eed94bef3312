// The ridge regressions that make heads: a fit for each action against a background of everyday movement; see
// app/teach/ridge.py. The background's directions are Python's (teaching.safetensors).
import { constants } from "./constants.js";
import { features } from "./head.js";
import { dot, gram, solve } from "./linear.js";
import { mean, median, quantile } from "./numbers.js";

const withOne = (x) => Float64Array.of(...x, 1);

export class Ridge {
  #known = new WeakMap(); // features of embeddings
  #whole;

  // teaching: { mean: D, basis: D x R flat, back: B x R flat, kind: B, labels } of readTeaching (teaching.js).
  constructor(teaching, modalities) {
    Object.assign(this, { mean: teaching.mean, basis: teaching.basis, kind: teaching.kind, modalities });
    this.width = teaching.basis.length / teaching.mean.length; // R
    const { back, kind } = teaching;
    this.back = Array.from(kind, (_, b) => withOne(back.subarray(b * this.width, (b + 1) * this.width)));
    this.#whole = new Background(this.back);
  }

  // The head of actions 0 to A - 1. embeddings: of each clip W x D numbers; action: of each clip; counter: whether it
  // is a counter-example of it, or of all (action -1); own: a Map from actions to the kinds of background that show
  // them.
  head(embeddings, action, counter, own = new Map()) {
    const clips = embeddings.map((embedding) => this.#features(embedding));
    const actions = Array.from({ length: 1 + Math.max(...action) }, (_, a) => a);
    const fits = actions.map((a) => this.#settled(clips, about(a, action), counter, own.get(a))[0]);
    return {
      mean: this.mean,
      weight: fits.map(({ weight }) => this.#unfolded(weight)), bias: fits.map(({ weight }) => weight.at(-1)),
      threshold: fits.map(({ threshold }) => threshold), usual: fits.map(({ usual }) => usual),
    };
  }

  // What the examples of an action say of each other and of the background: { unseen, known, threshold, placeOfKind }.
  judge(embeddings, action, counter, number, own) {
    const clips = embeddings.map((embedding) => this.#features(embedding));
    const [fit, first] = this.#settled(clips, about(number, action), counter, own);
    const mine = clips.filter((_, e) => action[e] === number && !counter[e]);
    const known = mine.map((windows) => median(windows.map((x) => dot(x, fit.weight))));
    return { unseen: fit.unseen, known, threshold: fit.threshold, placeOfKind: own ? new Map() : this.#places(first) };
  }

  // The windows of a clip along the background's directions, each with a 1 behind.
  #features(embedding) {
    const known = this.#known.get(embedding);
    if (known) return known;
    const width = this.mean.length, windows = [];
    for (let w = 0; w < embedding.length; w += width) {
      const x = features(embedding.subarray(w, w + width), this.mean, this.modalities);
      const out = new Float64Array(this.width + 1);
      for (let d = 0; d < width; d++) {
        for (let r = 0; r < this.width; r++) out[r] += x[d] * this.basis[d * this.width + r];
      }
      out[this.width] = 1;
      windows.push(out);
    }
    this.#known.set(embedding, windows);
    return windows;
  }

  #unfolded(weight) {
    return Float64Array.from(this.mean, (_, d) => {
      let total = 0;
      for (let r = 0; r < this.width; r++) total += this.basis[d * this.width + r] * weight[r];
      return total;
    });
  }

  // The fit of one action without the kinds of background that show it, and that against all of it.
  #settled(clips, mine, counter, own) {
    const first = this.#whole.fit(clips, mine, counter), near = ([, place]) => place >= constants.ridge.ALIKE;
    const alike = own ?? [...this.#places(first)].filter(near).map(([kind]) => kind);
    const rest = this.back.filter((_, b) => !alike.includes(this.kind[b]));
    if (rest.length === this.back.length || rest.length < 2) return [first, first];
    return [new Background(rest).fit(clips, mine, counter), first];
  }

  // Each kind's place between the background's usual score, 0, and the examples', 1: a Map.
  #places({ crossed, seen }) {
    const nothing = median(crossed);
    if (seen <= nothing) return new Map();
    const kinds = [...new Set(this.kind)].filter((kind) => kind >= 0).sort((a, b) => a - b);
    const usual = (kind) => median(crossed.filter((_, b) => this.kind[b] === kind));
    return new Map(kinds.map((kind) => [kind, (usual(kind) - nothing) / (seen - nothing)]));
  }
}

// Which clips are about an action: its own, and counter-examples of all.
const about = (number, action) => Array.from(action, (a) => a === number || a < 0);

// The ridge regressions that share a background of windows, each with a 1 behind.
class Background {
  constructor(rows) {
    this.rows = rows;
    this.whole = new Solver(rows);
    this.halves = [0, 1].map((half) => new Solver(rows.filter((_, b) => b % 2 === half)));
  }

  // Fits one action, with threshold and usual score from scores of data that the head has not seen: the background is
  // scored half by half, and each example in turn.
  fit(clips, mine, counter) {
    const { FALSE_SHARE, ONE_SHOT, LEAST_SPAN, PASS } = constants.ridge;
    const chosen = (take) => clips.filter((_, e) => take(e));
    const shown = chosen((e) => mine[e] && !counter[e]), yes = shown.flat();
    const no = chosen((e) => (mine[e] && counter[e]) || (!mine[e] && !counter[e])).flat();
    const weight = this.whole.weights(yes, no), halves = this.halves.map((half) => half.weights(yes, no));
    const crossed = Float64Array.from(this.rows, (row, b) => dot(row, halves[1 - (b % 2)]));
    const counters = chosen((e) => mine[e] && counter[e]).flat().map((x) => dot(x, weight));
    const wrong = Math.max(quantile(crossed, 1 - FALSE_SHARE), ...counters);
    const unseen = shown.length === 1 ? [] : shown.map((windows) => {
      const others = this.whole.weights(shown.filter((other) => other !== windows).flat(), no);
      return median(windows.map((x) => dot(x, others)));
    });
    // One example does not tell how much the next ones will differ.
    const seen = unseen.length ? mean(unseen) : ONE_SHOT * median(yes.map((x) => dot(x, weight)));
    const usual = Math.max(seen, wrong + LEAST_SPAN);
    return { weight, threshold: wrong + PASS * (usual - wrong), usual, seen, crossed, unseen };
  }
}

// The means of some windows' outer products and of the windows.
function means(rows, width) {
  const products = gram(rows, width), middle = new Float64Array(width);
  for (const row of rows) for (let i = 0; i < width; i++) middle[i] += row[i] / rows.length;
  for (const line of products) for (let j = 0; j < width; j++) line[j] /= rows.length;
  return { products, middle };
}

class Solver {
  constructor(rows) {
    this.back = means(rows, rows[0].length);
  }

  // Weights and bias, with target +1 on windows of the action and -1 on all others; the two kinds have the same weight.
  weights(yes, no) {
    const width = this.back.middle.length, share = no.length ? 0.5 : 1;
    const parts = [[means(yes, width), 1, 1], [this.back, share, -share]];
    if (no.length) parts.push([means(no, width), 1 - share, share - 1]);
    const matrix = Array.from({ length: width }, () => new Float64Array(width)), goal = new Float64Array(width);
    for (const [{ products, middle }, weight, aim] of parts) {
      for (let i = 0; i < width; i++) {
        goal[i] += aim * middle[i];
        for (let j = 0; j < width; j++) matrix[i][j] += weight * products[i][j];
      }
    }
    for (let i = 0; i < width - 1; i++) matrix[i][i] += constants.ridge.RIDGE;
    return solve(matrix, goal);
  }
}
