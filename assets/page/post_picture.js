// One picture as JPEG to the server, and what became of it; in a worker, or in the page where there is none.
const LIMIT_MS = 5000; // for an answer

function encoded(canvas, quality) {
  if (canvas.convertToBlob) return canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no JPEG"))), "image/jpeg", quality));
}

async function post(url, key, body) {
  const ender = new AbortController(), timer = setTimeout(() => ender.abort(), LIMIT_MS);
  try {
    const headers = { "X-Ikem-Key": key };
    const response = await fetch(url, { method: "POST", body, headers, signal: ender.signal });
    const retry = Number(response.headers.get("Retry-After")) || 0;
    if (response.status !== 200) return { status: response.status, retry, answer: null };
    const answer = await response.json().catch(() => null); // a proxy's page is none
    if (answer?.persons || answer?.full) return { status: 200, retry, answer };
    return { status: ender.signal.aborted ? "silent" : "foreign", retry, answer: null };
  } catch {
    return { status: ender.signal.aborted ? "silent" : 0, retry: 0, answer: null };
  } finally {
    clearTimeout(timer);
  }
}

// A function that posts pictures (of a camera, or the video itself) by way of a canvas.
// It takes {picture, url, key, size: {side, quality}} and gives {status, answer, retry: seconds}; see state.js of status.
export function poster(canvas) {
  let pen = null;
  return async ({ picture, url, key, size }) => {
    let body = null;
    try {
      const wide = picture.displayWidth || picture.videoWidth || picture.width;
      const high = picture.displayHeight || picture.videoHeight || picture.height;
      const scale = Math.min(1, size.side / Math.max(wide, high));
      const [width, height] = [Math.max(1, Math.round(wide * scale)), Math.max(1, Math.round(high * scale))];
      if (!pen || canvas.width !== width || canvas.height !== height) {
        Object.assign(canvas, { width, height });
        pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
      }
      pen.drawImage(picture, 0, 0, width, height);
      body = await encoded(canvas, size.quality);
    } catch {
      return { status: "encode", answer: null, retry: 0 };
    } finally {
      picture.close?.();
    }
    return post(url, key, body);
  };
}
