// A worker, for encoding takes milliseconds: it posts pictures as JPEG and tells what became of each.
// {number, picture, url, key} in; {number, status, answer} out, as they come: one may overtake another.
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
