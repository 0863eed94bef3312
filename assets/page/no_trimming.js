// Gradio's player fetches ffmpeg (32 MB) with every video, for a trimming tool that this page does not show. On a slow
// line that is minutes in which no picture gets through, so the tool waits for it without end.
const reallyFetch = window.fetch;

window.fetch = (what, ...rest) =>
  String(what?.url ?? what).includes("/static/ffmpeg/") ? new Promise(() => {}) : reallyFetch(what, ...rest);
