// A worker: the visitor's stream and lesson. It asks the worker of the graph for windows by a port.
import { answerBy, bytesAt } from "./served.js";
import { use } from "../web/constants.js";
import { Lesson } from "../web/lesson.js";
import { Teacher } from "../web/teacher.js";
import { readTeaching } from "../web/teaching.js";
import { answered, TEACHES } from "./here_lesson.js";
import { HereSession } from "./here_session.js";

let card = null, session = null, student = null, teaching = ""; // teaching: its address
const waiting = new Map(); // number of a window -> [done, fail]
let number = 0;

function windows({ inputs: { landmarks, visibility, times, end }, kind }) {
  return new Promise((done, fail) => {
    waiting.set(++number, [done, fail]);
    student.postMessage({ number, kind, inputs: { landmarks, visibility, times, end } });
  });
}

// given: {card: recogniser.json, addresses, port: of the graph's worker, name: of the session}.
function load(given) {
  [card, student, teaching] = [given.card, given.port, given.addresses.teaching];
  use(card);
  student.onmessage = ({ data: { number, value, failed } }) => {
    const [done, fail] = waiting.get(number);
    waiting.delete(number);
    if (failed) fail(new Error(failed));
    else done(value);
  };
  session = new HereSession(card, windows, given.name);
}

const clipOf = (inputs) => windows({ inputs, kind: "clip" });

async function windowOf(inputs) {
  const { scores: fused, modality_scores: modality, embedding } = await windows({ inputs, kind: "live" });
  return { fused, modality, embedding };
}

// The background is fetched when somebody teaches: until then there is nothing to lose.
async function teacherInPlace() {
  if (session.lesson.teaches || session.lesson.pack) return;
  const read = readTeaching(new Uint8Array(await bytesAt(teaching)), card);
  const { only } = session.lesson;
  session.lesson = new Lesson(card, new Teacher(card, read, clipOf, windowOf));
  if (only) session.lesson.setOnly(true);
}

async function teach({ asked }) {
  if (TEACHES.includes(asked.do)) await teacherInPlace();
  return answered({ lesson: session.lesson, shown: (event) => session.shown(event) }, asked);
}

function frame(given) {
  const answer = session.frame(given);
  if (session.failed) throw new Error(session.failed);
  return answer;
}

const record = () => session.record();
const recorded = () => session.recorded();

answerBy({ load, frame, teach, record, recorded, finish: () => session.finish() });
