// The tabs of the page without a server. What is shown stands in the element's style, by which teach.css knows it.
const tabs = [...document.querySelectorAll('[role="tab"]')];
const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

function select(chosen) {
  for (const tab of tabs) {
    const on = tab === chosen;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    panelOf(tab).hidden = false;
    panelOf(tab).style.display = on ? "block" : "none";
  }
}

for (const tab of tabs) tab.addEventListener("click", () => select(tab));
select(tabs[0]);
