// Before somebody starts the camera for the first time there is nothing to read: the stage stands alone, and the cards
// come when it is started. They stay when it stops, for what happened can be saved.
import { built } from "./built.js";
import { byId } from "./dom.js";

built.then(() => {
  const card = byId("start-card");
  const watcher = new MutationObserver(() => {
    if (!card.hidden || !byId("trouble").hidden) return;
    watcher.disconnect();
    byId("live").classList.add("begun");
  });
  watcher.observe(card, { attributes: true, attributeFilter: ["hidden"] });
});
