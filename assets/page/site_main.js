// The page without a server: what main.js is for Gradio's page, and the little that Gradio does there. It has no Video
// tab. Everything happens in this browser; `settings.server` is false, by which the other modules know.
import "./addresses.js";
import "./first_minute.js";
import "./fix.js";
import "./loading.js";
import "./motions.js";
import "./site_tabs.js";
import "./tabs.js";

import { byId } from "./dom.js";
import { pageBuilt } from "./live.js";
import { setSensitivity } from "./pictures.js";
import { keepSite } from "./site_keep.js";
import "./teach.js";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark", dark.matches);
dress();
dark.addEventListener("change", dress);

byId("site-sensitivity").addEventListener("input", ({ target }) => setSensitivity(Number(target.value)));
setSensitivity(Number(byId("site-sensitivity").value)); // which a browser keeps when the page is loaded again
pageBuilt();
keepSite();
