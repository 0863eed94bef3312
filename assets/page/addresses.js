// Each tab has an address, such as #/teach: it can be linked to, and the browser's "back" goes to the tab before.
import { built } from "./built.js";

const tabs = () => [...document.querySelectorAll('[role="tab"]')];
const addressOf = (tab) => `#/${tab.textContent.trim().toLowerCase()}`;
const here = () => window.location.hash || addressOf(tabs()[0]); // an address without one is the first tab's

// Opens the tab of an address, if there is one.
function open(address) {
  const tab = tabs().find((tab) => addressOf(tab) === address);
  if (tab && tab.getAttribute("aria-selected") !== "true") tab.click();
  return tab;
}

// Whoever opens a tab goes on to its address; what is before the # stays.
document.addEventListener("click", (event) => {
  const tab = event.target.closest?.('[role="tab"]'), { pathname, search } = window.location;
  if (tab && addressOf(tab) !== here()) history.pushState(null, "", pathname + search + addressOf(tab));
  const link = event.target.closest?.('a[href^="#/"]');
  if (link && open(link.getAttribute("href"))) {
    event.preventDefault();
    window.scrollTo(0, 0);
  }
});
window.addEventListener("popstate", () => open(here()));
built.then(() => open(here()));
