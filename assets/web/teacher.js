// The teacher, which makes examples from recordings and heads from examples; see app/teach/teacher.py.
import { constants } from "./constants.js";
import { TeachError, repetitionsOf } from "./examples.js";
import { emptyPack, requireAction, withClips } from "./pack.js";
import { graphInputs } from "./person.js";
import { Ridge } from "./ridge.js";
import { checkEmbedding } from "./taught_model.js";
import { kindsOf } from "./teaching.js";
import { judgeExamples } from "./verdict.js";

export class Teacher {
  #ridge;

  // model: recogniser.json; teaching: of readTeaching; clipOf: takes the graph's inputs { landmarks, visibility, times,
  // end }, runs it on `starts.clip` and gives a promise of { clip: K x 25 x 3, embedding: W x D } in Float32Arrays;
  // windowOf: likewise on `starts.live`, for corrections: { fused: C, modality: M x C, embedding: D }.
  constructor(model, teaching, clipOf, windowOf) {
    Object.assign(this, { model, teaching, clipOf, windowOf });
    this.#ridge = new Ridge(teaching, model.modalities.length);
  }

  pack() {
    return emptyPack(this.model.embedding);
  }

  // The repetitions in a recording, each as { clip, embedding }.
  async examples(recording) {
    const { MOST_AT_ONCE } = constants.teacher, spans = repetitionsOf(recording, this.model.window_s), found = [];
    if (spans.length > MOST_AT_ONCE) {
      const most = `three to five are enough; cut it to at most ${MOST_AT_ONCE}`;
      throw new TeachError(`${spans.length} repetitions in one recording: ${most}`);
    }
    for (const span of spans) found.push(await this.cut(recording, span));
    return found;
  }

  // What lies in a stretch [start, end] of a recording, as { clip, embedding }.
  cut(recording, [startS, endS]) {
    const poses = recording.map(({ pose }) => pose);
    return this.clipOf(graphInputs(poses, (startS + endS + this.model.clip_s) / 2));
  }

  // The pack with more examples of an action (or of what it is not), with its head.
  add(pack, action, examples, counter = false) {
    checkEmbedding(this.model, pack);
    if (counter) requireAction(pack, action);
    return this.finished(withClips(pack, action, examples, counter));
  }

  // The pack with its head, made anew from its examples.
  finished(pack) {
    checkEmbedding(this.model, pack);
    if (!pack.actions.length) return pack;
    const own = new Map(pack.corrects.map((name) => [pack.actions.indexOf(name), kindsOf(this.teaching, name)]));
    return { ...pack, head: this.#ridge.head(pack.embeddings, pack.action, pack.counter, own) };
  }

  // Whether an action of a pack will be recognised and, if not, why.
  verdict(pack, action) {
    const own = pack.corrects.includes(action) ? kindsOf(this.teaching, action) : undefined;
    const judged = this.#ridge.judge(pack.embeddings, pack.action, pack.counter, pack.actions.indexOf(action), own);
    const placeOf = [...judged.placeOfKind].map(([kind, place]) => [this.teaching.labels[kind], place]);
    return judgeExamples(action, judged, placeOf);
  }
}
