// The page's scripts, from here on: this file is the only one that the page asks for.
//
// What it exports is what Gradio calls when something changes on its side (the `hook`s of app's Python). They reach it
// by window.ikem, a promise of this module and the page's only global. Every other module keeps its own state, in the
// variables at its top, and shares it by the functions that it exports alone; the editor's modules share one object.
import "./addresses.js";
import "./edit.js";
import "./first_minute.js";
import "./fix.js";
import "./loading.js";
import "./motions.js";
import "./no_trimming.js";
import "./places.js";
import "./tabs.js";

export { edited } from "./edit_files.js";
export { nextCountRequest } from "./edit_counts.js";
export { nextEditRequest } from "./edit_requests.js";
export { counted } from "./edit_state.js";
export { pageBuilt, told } from "./live.js";
export { setSensitivity } from "./pictures.js";
export { taught } from "./teach.js";
export { nextRequest } from "./teach_requests.js";
export { showFound } from "./video.js";
