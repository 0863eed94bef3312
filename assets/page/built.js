// Fulfilled once Gradio has built the page, which is when the camera can be started.
import { byId } from "./dom.js";

const isBuilt = () => byId("start")?.disabled === false;

export const built = new Promise((done) => {
  if (isBuilt()) return done();
  new MutationObserver((_, observer) => {
    if (!isBuilt()) return;
    observer.disconnect();
    done();
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
});
