// The page's one camera stream: whoever asks for another ends the one before, and the browser is never asked twice at
// once. A stream that comes when nobody wants it any more is ended before anybody sees it.
let stream = null, asking = null; // asking: {device, given}, while the browser's question is open
let wanted = null; // the newest request {device}, null where no stream is wanted

const end = (given) => given?.getTracks().forEach((track) => track.stop());

export function releaseStream() {
  wanted = null;
  end(stream);
  stream = null;
}

async function begin(media, device, constraints) {
  try {
    const given = await media.getUserMedia(constraints);
    if (wanted?.device === device) return given;
    end(given);
    return null;
  } finally {
    asking = null;
  }
}

// A stream of a device ("" for any), null where another request or releaseStream came meanwhile.
// Throws what getUserMedia throws, if the stream is still wanted.
export async function openStream(media, device, constraints) {
  releaseStream();
  const mine = wanted = { device };
  if (asking && asking.device !== device) await asking.given.catch(() => null);
  if (mine !== wanted) return null;
  asking ??= { device, given: begin(media, device, constraints) };
  try {
    const given = await asking.given;
    if (mine !== wanted) return null;
    stream = given;
    return given;
  } catch (error) {
    if (mine !== wanted) return null;
    throw error;
  }
}
