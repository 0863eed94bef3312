// The camera's pictures on their way to the server and back as answers: the newest one always, never a queue of them.
(() => {
  const ikem = window.ikem;
  const AT_ONCE = 2; // pictures under way: one that the server looks at, and one that arrives meanwhile
  const STALE_MS = 250; // an older word of the browser on when its picture was taken is not believed
  const REST_MS = 500; // after a picture that could not be sent
  let key = "", sensitivity = 0.5;
  let round = 0, under = 0, restUntil = 0;
  let shown = null, passed = 0; // when the camera took the picture that has not been sent; how many never were

  // In a worker, for encoding takes milliseconds: {picture, url, key} in, {status, answer} out, in the same order.
  function work() {
    const QUALITY = 0.8; // of the JPEG; the landmarker sees no difference from here on
    const canvas = new OffscreenCanvas(1, 1);
    let pen = null;

    async function ask(picture, url, key) {
      const width = picture.displayWidth || picture.width, height = picture.displayHeight || picture.height;
      if (!pen || canvas.width !== width || canvas.height !== height) {
        Object.assign(canvas, { width, height });
        pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
      }
      pen.drawImage(picture, 0, 0, width, height);
      picture.close();
      const body = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
      const response = await fetch(url, { method: "POST", body, headers: { "X-Ikem-Key": key } });
      return { status: response.status, answer: response.status === 200 ? await response.json() : null };
    }

    self.onmessage = async ({ data: { number, picture, url, key } }) => {
      const said = await ask(picture, url, key).catch(() => ({ status: 0, answer: null }));
      self.postMessage({ number, ...said });
    };
  }

  const waiting = new Map(); // number of a picture -> who waits for what becomes of it
  let worker = null, number = 0;

  function ask(picture) {
    if (!worker) {
      worker = new Worker(URL.createObjectURL(new Blob([`(${work})()`], { type: "text/javascript" })));
      worker.onmessage = ({ data }) => { waiting.get(data.number)(data); waiting.delete(data.number); };
    }
    const url = `${window.gradio_config.root}${ikem.settings.route}?sensitivity=${sensitivity}`;
    worker.postMessage({ number: ++number, picture, url, key }, [picture]);
    return new Promise((done) => waiting.set(number, done));
  }

  const TROUBLES = {
    0: "The program that serves this page does not answer",
    403: "Load this page again: the program that serves it was started anew",
  };

  // What the camera shows goes, unless it went before or enough is under way; the next one goes when an answer comes.
  async function send(video, mine) {
    if (mine !== round || shown === null || under >= AT_ONCE || performance.now() < restUntil) return;
    const facts = { taken: shown, passed };
    [shown, passed] = [null, 0];
    under += 1;
    let said = null;
    try {
      said = await ask(window.VideoFrame ? new VideoFrame(video) : await createImageBitmap(video));
    } catch (error) {
      if (error.name !== "InvalidStateError") throw error; // the camera has no picture at the moment
    } finally {
      under -= 1;
    }
    if (mine !== round || !said) return;
    if (said.status !== 200 && said.status !== 204) restUntil = performance.now() + REST_MS;
    send(video, mine); // before anything is drawn: the worker encodes it meanwhile
    if (said.answer) ikem.update(said.answer, facts);
    ikem.note(TROUBLES[said.status] || ikem.late());
  }

  // Begins a new round, to which no picture of the last one belongs.
  ikem.sendPictures = (video) => {
    const mine = ++round;
    [shown, passed] = [null, 0];
    const wait = () => (video.requestVideoFrameCallback ? video.requestVideoFrameCallback(next) : setTimeout(next, 33));
    const next = (now = performance.now(), facts) => {
      if (mine !== round) return;
      passed += shown !== null;
      const taken = facts?.captureTime ?? now;
      shown = now - taken < STALE_MS ? Math.min(taken, now) : now;
      send(video, mine);
      wait();
    };
    wait();
  };
  ikem.keepPictures = () => { round += 1; };
  ikem.setSensitivity = (place) => { sensitivity = place; };
  ikem.setKey = (given) => { key = given; };
  ikem.hasKey = () => Boolean(key);
})();
