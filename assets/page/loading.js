// What stands for the page while it loads goes when the page is there; in any case once it would only be in the way.
import { built } from "./built.js";
import { byId } from "./dom.js";

const LONGEST_MS = 60_000;

Promise.race([built, new Promise((late) => setTimeout(late, LONGEST_MS))]).then(() => byId("ikem-loading")?.remove());
