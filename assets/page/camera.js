// The camera: starting and stopping it, which one, mirrored or not, and plain words when it cannot be had.
// pictures.js sends what it shows to the server.
(() => {
  const ikem = window.ikem, { byId } = ikem;
  const media = navigator.mediaDevices;
  let running = false, wanted = "";

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
    ikem.cancelTeaching("Nothing was recorded: there is no camera");
  }

  function mirrored(on) {
    byId("mirror").checked = on;
    byId("stage").classList.toggle("mirrored", on);
  }

  function constraints() {
    const asked = ikem.settings.camera;
    if (!wanted) return asked;
    const { facingMode, ...video } = asked.video;
    return { ...asked, video: { ...video, deviceId: { exact: wanted } } };
  }

  // The camera's stream, null where there is none, which is said then.
  async function open() {
    const slow = setTimeout(() => note("Allow the camera in your browser's question"), 600);
    try {
      const stream = await media.getUserMedia(constraints());
      mirrored(stream.getVideoTracks()[0]?.getSettings().facingMode !== "environment"); // a rear camera is no mirror
      return stream;
    } catch (error) {
      trouble(error.name === "SecurityError" ? "NotAllowedError" : error.name);
      return null;
    } finally {
      clearTimeout(slow);
      note("");
    }
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

  const video = () => document.querySelector("#cam video");
  const release = () => video()?.srcObject?.getTracks().forEach((track) => track.stop());

  // Whether the video shows the camera.
  async function connect() {
    const stream = await open();
    if (!stream) return false;
    video().srcObject = stream;
    await video().play();
    return Boolean(await until(() => video().videoWidth));
  }

  function fit() {
    byId("stage").style.aspectRatio = `${video().videoWidth} / ${video().videoHeight}`; // show all that the camera sees
  }

  async function list() {
    const cameras = (await media.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    const current = video().srcObject?.getVideoTracks()[0]?.getSettings().deviceId;
    byId("camera-choice").replaceChildren(...cameras.map(({ deviceId, label }, i) =>
      new Option(label || `Camera ${i + 1}`, deviceId, false, deviceId === current)));
    byId("choice").hidden = cameras.length < 2;
  }

  async function start() {
    byId("trouble").hidden = true;
    byId("start-card").hidden = true;
    if (!media || !media.getUserMedia) return trouble("Insecure");
    if (!(await until(ikem.hasKey)) || !(await connect())) return; // the page may still be building itself
    fit();
    byId("stage").classList.add("running");
    running = true;
    ikem.sendPictures(video());
    byId("stop").hidden = false;
    byId("stop").focus({ preventScroll: true });
    ikem.reset("Watching", "A few seconds of movement are needed");
    list();
  }

  async function change(camera) {
    wanted = camera;
    if (!running) return;
    release();
    if (!(await connect())) return;
    fit();
    list();
  }

  function stop() {
    if (!running) return;
    running = false;
    ikem.cancelTeaching("Nothing was recorded: the camera was stopped");
    byId("stage").classList.remove("running");
    ikem.keepPictures();
    release();
    byId("stop").hidden = true;
    byId("start-card").hidden = false;
    byId("start").focus({ preventScroll: true });
    note("");
    ikem.draw([]);
    video().srcObject = null;
    byId("stage").style.aspectRatio = "";
    ikem.reset("Ready", "Start the camera to begin");
    setTimeout(() => byId("stopped")?.click(), 300); // once what is on its way has arrived: end what goes on
  }

  document.addEventListener("click", (event) => {
    const id = event.target.closest("button")?.id;
    if (id === "start" || id === "retry") start();
    if (id === "stop") stop();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id === "mirror") mirrored(target.checked);
    if (target.id === "camera-choice") change(target.value);
  });

  ikem.note = note;
  ikem.running = () => running;
  ikem.startCamera = start;
  ikem.mirrored = () => byId("stage").classList.contains("mirrored");
  ikem.refuse = (kind) => { stop(); trouble(kind); };
})();
