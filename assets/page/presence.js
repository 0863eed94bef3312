// The stream that tells the server that this page is open. Gradio opens one when the page loads, and none after a break.
let stream = null;

// The server does not know this page any more: the line broke, or the program was started anew.
export function stayPresent(key) {
  if (!key || (stream && stream.readyState !== EventSource.CLOSED)) return; // one that is broken tries again by itself
  const visitor = key.slice(0, key.lastIndexOf("."));
  stream = new EventSource(new URL(`./gradio_api/heartbeat/${visitor}`, document.baseURI));
}
