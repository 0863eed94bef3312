// What the page says where it does not know: why there is no camera, and what is wrong with camera or line.

// In place of the picture, where the camera does not run: [title, text, what the Video tab is good for then].
const CURTAINS = {
  NotAllowedError: ["The camera is blocked", "Click the camera sign in your browser's address bar, allow the camera " +
    "for this page, then try again.", "The Video tab works without a camera."],
  NotFoundError: ["No camera was found", "Plug one in and try again.", "The Video tab works with a recording."],
  NotReadableError: ["The camera is busy", "Another program is using it. Close that program and try again."],
  Gone: ["The camera is gone", "It was unplugged, or the browser or the system took it away. Plug it in or choose " +
    "another, then try again."],
  Held: ["The browser holds the picture back", "It lets no video play by itself. Try again: your click allows it."],
  Insecure: ["The camera needs a safe address", "Browsers give the camera only to pages on this computer " +
    "(http://127.0.0.1 or localhost) or with https. Open the page that way.", "The Video tab works without a camera."],
  NoKey: ["The server gives no key", "The program that serves this page has not answered for 3 seconds. It may have " +
    "ended, or a proxy before it does not pass everything on. Try again, or load this page again."],
  Full: ["All places are taken", "Other visitors are using this machine right now. This page asks every " +
    "10 seconds whether one is free, and starts the camera then.", "The Video tab works meanwhile."],
  Other: ["The camera did not start", "Check that it works in another program, then try again."],
};

// Large words, and the line below them, which stands on the stage too; what the server is good for then.
const STATES = {
  off: ["Ready", "Start the camera to begin"],
  key: ["Starting", "Waiting for the program that serves this page"],
  starting: ["Starting", ""],
  asking: ["Starting", "Allow the camera in your browser's question"],
  first: ["Starting", "Waiting for the first answer. It takes some seconds on a slow or busy machine"],
  resting: ["Paused", "The camera goes on when you come back to this tab"],
  live: ["Watching", "A few seconds of movement are needed"],
  muted: ["No picture", "The camera is switched off: by its own switch, the system or another program"],
  paused: ["No picture", "The browser has paused the camera. It goes on by itself; if not, stop and start it"],
  still: ["No picture", "The camera has sent nothing for 2 seconds"],
  offline: ["No answer", "The program that serves this page does not answer. It is asked again and again"],
  silent: ["No answer", "The program that serves this page has not answered for 2 seconds"],
  foreign: ["No answer", "Something else answers in place of the program that serves this page: a proxy, or a page to " +
    "log in. Load this page again"],
  login: ["Logged out", "Load this page again and log in"],
  renewing: ["One moment", "The program that serves this page was started anew: a new key is fetched"],
  refused: ["No answer", "Load this page again: the program that serves it was started anew, or is another one"],
  large: ["No answer", "The pictures are too large for the server or a proxy before it. Smaller ones are sent"],
  tardy: ["No answer", "The line is too slow for the pictures. Smaller ones are sent"],
  unreadable: ["No answer", "The server cannot read the camera's pictures. Try another camera or another browser"],
  busy: ["Waiting", "The server has no room for more pictures just now. It goes on by itself"],
  failing: ["No answer", "The program that serves this page reports a failure. It is asked again and again"],
  encode: ["No picture", "This browser cannot send pictures. Use a newer one, or the Video tab"],
  loading: ["Starting", "The recogniser is being loaded into this browser"],
  stuck: ["One moment", "This browser has not looked at a picture for 2 seconds: other programs need the processor"],
  broken: ["Not running", "It cannot run here: why stands below the switches", "The server can: see \"Runs on\""],
  "slow camera": ["", "The camera gives fewer than 7 pictures a second. More light may help"],
  "slow server": ["", "Too busy to follow: other programs or visitors need the processor"],
  "slow browser": ["", "This browser is too busy to follow", "The server may be faster: see \"Runs on\" below the picture"],
  "slow line": ["", "The line is slow: few pictures get through, so smaller ones are sent"],
};

// [title, text] of the curtain; hasServer: whether there is one, and so a Video tab.
export function curtain(kind, hasServer = true) {
  const [title, text, video = ""] = CURTAINS[kind] || CURTAINS.Other;
  return [title, hasServer ? `${text} ${video}`.trim() : text];
}

// [large words, the line below] of a state; of a failure, what the curtain is headed with.
export function wordsOf(state, kind, hasServer = true) {
  if (state === "failed") return ["Not running", curtain(kind)[0]];
  const [words, line, server = ""] = STATES[state];
  return [words, server && hasServer ? `${line}. ${server}` : line];
}

// What stands on the stage in a state, "" for nothing.
export const noteOf = (state, hasServer = true) => (["off", "failed", "live"].includes(state) ? "" : wordsOf(state, "", hasServer)[1]);
