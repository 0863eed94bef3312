// Arrow keys go from tab to tab, as screen readers tell their users; Gradio's own tabs do not know them.
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.('[role="tab"]'), step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!tab || !step) return;
  const tabs = [...tab.parentElement.querySelectorAll('[role="tab"]')];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("#to-video")) return;
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  tabs.find((tab) => tab.textContent.trim() === "Video")?.click();
});
