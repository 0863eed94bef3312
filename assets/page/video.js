// The Video tab: a click on an event shows that moment of the clip.
document.addEventListener("click", (event) => {
  const start = event.target.closest("[data-start]")?.dataset.start;
  const video = document.querySelector("#clip video");
  if (start === undefined || !video) return;
  video.currentTime = Number(start);
  video.play();
});
