// The Video tab. A click on an event shows that moment of the clip.
document.addEventListener("click", (event) => {
  const start = event.target.closest("[data-start]")?.dataset.start;
  const video = document.querySelector("#clip video");
  if (start === undefined || !video) return;
  video.currentTime = Number(start);
  video.play();
});

// Gradio raises an error when the browser cannot play a file. The server may read it all the same (avi, say), and
// where it cannot, it says why in its own words: so that error is put as a remark in the empty player.
new MutationObserver(() => {
  for (const toast of document.querySelectorAll(".toast-item")) {
    if (!toast.textContent.includes("Video not playable")) continue;
    toast.remove();
    document.getElementById("clip")?.classList.add("unplayable");
  }
  const player = document.querySelector("#clip video");
  if (!player || player.readyState > 0) document.getElementById("clip")?.classList.remove("unplayable");
}).observe(document, { childList: true, subtree: true });
