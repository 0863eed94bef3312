// The service worker that keeps the page on this machine: whether it does, and a newer build that waits for its turn.
import { byId, say } from "./dom.js";

const OFFLINE = "works without a network too";

// A newer build takes over when the visitor wants it: what runs goes on with the files that it began with.
function offer(registration) {
  if (!registration.waiting || !navigator.serviceWorker.controller) return;
  byId("newer").hidden = false;
  byId("take-newer").onclick = () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => window.location.reload(), { once: true });
    registration.waiting?.postMessage("take over");
  };
}

function follow(registration) {
  const found = registration.installing;
  found?.addEventListener("statechange", () => found.state === "installed" && offer(registration));
}

// Where the browser keeps nothing (an address without https, some private windows), the page needs the network each time.
export async function keepSite() {
  if (!navigator.serviceWorker) return;
  try {
    const registration = await navigator.serviceWorker.register(new URL("../service_worker.js", import.meta.url));
    offer(registration);
    follow(registration);
    registration.addEventListener("updatefound", () => follow(registration));
    await navigator.serviceWorker.ready;
    say("kept", OFFLINE);
  } catch { /* it goes on without, and is tried again the next time */ }
}
