// The camera: starting and stopping it, which one, mirrored or not, and plain words when it cannot be had.
// Gradio's own image component carries the pictures to the server; this presses its buttons and numbers its pictures.
(() => {
  const ikem = window.ikem, { byId } = ikem;
  const media = navigator.mediaDevices;
  const QUALITY = 0.8; // of the JPEG pictures; the landmarker sees no difference from here on
  const MOST_WAITING = 300; // pictures whose answer is remembered to be due
  let running = false, wanted = "", pictures = 0;
  const STALE_MS = 250; // an older word of the browser on when its picture was taken is not believed
  const grabbed = new Map(); // number of a picture -> when the camera took it, ms
  let taken = 0; // when the camera took the picture that the video shows, as far as the browser tells

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

  function constraints(asked) {
    if (!wanted || !asked?.video) return asked;
    const { facingMode, ...video } = asked.video;
    return { ...asked, video: { ...video, deviceId: { exact: wanted } } };
  }

  if (media && media.getUserMedia) {
    const ask = media.getUserMedia.bind(media);
    // Gradio's component does not say when the camera is refused, so listen where it asks.
    media.getUserMedia = async (asked) => {
      const slow = setTimeout(() => note("Allow the camera in your browser's question"), 600);
      try {
        const stream = await ask(constraints(asked));
        mirrored(stream.getVideoTracks()[0]?.getSettings().facingMode !== "environment"); // a rear camera is no mirror
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

  // Where Gradio turns the camera's picture into text: the picture gets a number, which comes back with its answer.
  const encode = HTMLCanvasElement.prototype.toDataURL;
  HTMLCanvasElement.prototype.toDataURL = function (type, quality) {
    if (!running || type !== "image/jpeg") return encode.call(this, type, quality);
    const now = performance.now();
    grabbed.set(++pictures, now - taken < STALE_MS ? Math.min(taken, now) : now);
    if (grabbed.size > MOST_WAITING) grabbed.delete(grabbed.keys().next().value);
    return encode.call(this, type, QUALITY).replace("image/jpeg", `image/jpeg;frame=${pictures}`);
  };

  // When the picture with this number was taken, and how many before it got no answer; null for an unknown number.
  ikem.grabbed = (number) => {
    const at = grabbed.get(number);
    if (at === undefined) return null;
    let overtaken = 0;
    for (const older of grabbed.keys()) {
      if (older > number) break;
      overtaken += older < number;
      grabbed.delete(older);
    }
    return { at, overtaken };
  };

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

  async function connect() {
    video().srcObject = await media.getUserMedia(ikem.settings.camera);
    await video().play();
  }

  function watch(element) {
    if (!element.requestVideoFrameCallback || element.watched) return;
    element.watched = true;
    const next = (now, { captureTime }) => {
      taken = captureTime ?? now;
      element.requestVideoFrameCallback(next);
    };
    element.requestVideoFrameCallback(next);
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
    if (!(await until(video))) return; // the page may still be building itself
    const grant = document.querySelector('#cam [title="grant webcam access"] button');
    // Stopped before: Gradio still believes that it has the camera, its video only lacks the stream.
    if (grant) grant.click();
    else await connect();
    const button = await until(() => video()?.videoWidth && document.querySelector("#cam .capture-button"));
    if (!button) return;
    fit();
    byId("stage").classList.add("running");
    watch(video());
    button.click();
    running = true;
    grabbed.clear();
    byId("stop").hidden = false;
    byId("stop").focus({ preventScroll: true });
    ikem.reset("Watching", "A few seconds of movement are needed");
    list();
  }

  async function change(camera) {
    wanted = camera;
    if (!running) return;
    release();
    await connect();
    await until(() => video().videoWidth);
    fit();
    list();
  }

  function stop() {
    if (!running) return;
    running = false;
    ikem.cancelTeaching("Nothing was recorded: the camera was stopped");
    byId("stage").classList.remove("running");
    document.querySelector("#cam .capture-button")?.click();
    release();
    byId("stop").hidden = true;
    byId("start-card").hidden = false;
    byId("start").focus({ preventScroll: true });
    note("");
    ikem.draw([]);
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

  ikem.running = () => running;
  ikem.startCamera = start;
  ikem.mirrored = () => byId("stage").classList.contains("mirrored");
  ikem.refuse = (kind) => { stop(); trouble(kind); };
})();
