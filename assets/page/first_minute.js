// Before the camera has run for the first time there is nothing to read: the stage stands alone, and the cards come
// with the first picture. They stay when the camera stops, for what happened can be saved.
import { camera } from "./camera.js";
import { byId } from "./dom.js";

camera.addEventListener("started", () => byId("live").classList.add("begun"), { once: true });
