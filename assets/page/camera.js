// The camera: one button that starts it, one that stops it, and plain words when it cannot be had.
// Gradio's own image component carries the pictures to the server; this only presses its buttons and listens.
(() => {
  const byId = (id) => document.getElementById(id);
  const media = navigator.mediaDevices;
  let running = false;

  const TROUBLES = {
    NotAllowedError: ["The camera is blocked", "Click the camera sign in your browser's address bar, allow the camera " +
      "for this page, then try again. The Video tab works without a camera."],
    NotFoundError: ["No camera was found", "Plug one in and try again, or use the Video tab with a recording."],
    NotReadableError: ["The camera is busy", "Another program is using it. Close that program and try again."],
    Insecure: ["The camera needs a safe address", "Browsers give the camera only to pages on this computer " +
      "(http://127.0.0.1 or localhost) or with https. Open the page that way, or use the Video tab."],
    Full: ["All places are taken", "Other visitors are using this machine right now. Try again in a minute; " +
      "the Video tab works meanwhile."],
    Other: ["The camera did not start", "Check that it works in another program, then try again."],
  };

  function note(text) {
    const element = byId("stage-note");
    if (!element || element.textContent === text) return;
    element.textContent = text;
    element.hidden = !text;
  }

  function trouble(kind) {
    const [title, text] = TROUBLES[kind] || TROUBLES.Other;
    note("");
    byId("trouble-title").textContent = title;
    byId("trouble-text").textContent = text;
    byId("trouble").hidden = false;
    byId("start-card").hidden = true;
    byId("stop").hidden = true;
  }

  if (media && media.getUserMedia) {
    const ask = media.getUserMedia.bind(media);
    // Gradio's component does not say when the camera is refused, so listen where it asks.
    media.getUserMedia = async (constraints) => {
      const slow = setTimeout(() => note("Allow the camera in your browser's question"), 600);
      try {
        const stream = await ask(constraints);
        const facing = stream.getVideoTracks()[0]?.getSettings().facingMode;
        byId("stage").classList.toggle("rear", facing === "environment"); // a rear camera is no mirror
        return stream;
      } catch (error) {
        trouble(error.name === "SecurityError" ? "NotAllowedError" : error.name);
        return new Promise(() => {}); // it is said: nobody who waits needs to go on, nor to fail as well
      } finally {
        clearTimeout(slow);
        note("");
      }
    };
  }

  async function until(ready, seconds = 30) {
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const found = ready();
      if (found) return found;
      if (!byId("trouble").hidden) return null;
      await new Promise((wake) => setTimeout(wake, 50));
    }
    trouble("Other");
    return null;
  }

  async function start() {
    byId("trouble").hidden = true;
    byId("start-card").hidden = true;
    if (!media || !media.getUserMedia) return trouble("Insecure");
    const grant = document.querySelector('#cam [title="grant webcam access"] button');
    if (grant) {
      grant.click();
    } else {
      // Stopped before: Gradio still believes that it has the camera, its video only lacks the stream.
      const video = document.querySelector("#cam video");
      video.srcObject = await media.getUserMedia(window.ikem.settings.camera);
      await video.play();
    }
    const button = await until(() => document.querySelector("#cam video")?.videoWidth &&
      document.querySelector("#cam .capture-button"));
    if (!button) return;
    const { videoWidth, videoHeight } = document.querySelector("#cam video");
    byId("stage").style.aspectRatio = `${videoWidth} / ${videoHeight}`; // show all that the camera sees
    button.click();
    running = true;
    byId("stop").hidden = false;
    window.ikem.reset("Watching", "A few seconds of movement are needed");
  }

  function stop() {
    if (!running) return;
    running = false;
    document.querySelector("#cam .capture-button")?.click();
    const video = document.querySelector("#cam video");
    video?.srcObject?.getTracks().forEach((track) => track.stop());
    byId("stop").hidden = true;
    byId("start-card").hidden = false;
    note("");
    window.ikem.draw(null);
    window.ikem.reset("Ready", "Start the camera to begin");
  }

  document.addEventListener("click", (event) => {
    const id = event.target.closest("button")?.id;
    if (id === "start" || id === "retry") start();
    if (id === "stop") stop();
  });

  window.ikem.note = note;
  window.ikem.running = () => running;
  window.ikem.refuse = (kind) => { stop(); trouble(kind); };
})();
