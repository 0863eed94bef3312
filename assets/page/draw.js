// The skeleton over the camera's picture, on a canvas of the same size and the same mirroring as the video.
(() => {
  const LEFT = "#2dd4bf", RIGHT = "#fbbf24", MIDDLE = "#f8fafc", SHADE = "rgba(8, 20, 26, 0.45)";
  const SEEN = 0.4; // the landmarker's visibility below which a point is a guess and is not drawn
  let canvas = null;

  function surface() {
    const video = document.querySelector("#cam video");
    if (!video || !video.videoWidth) return null;
    if (!canvas || canvas.parentElement !== video.parentElement) {
      canvas = document.createElement("canvas");
      canvas.id = "overlay";
      canvas.setAttribute("aria-hidden", "true");
      video.parentElement.appendChild(canvas);
    }
    // Twice the camera's pixels, so that lines stay crisp on a dense screen.
    const width = video.videoWidth * 2, height = video.videoHeight * 2;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    return canvas;
  }

  // Odd BlazePose numbers from 11 on are the actor's left, even ones the right; below 11 is the face.
  const side = (a, b) => (a % 2 !== b % 2 ? MIDDLE : a % 2 ? LEFT : RIGHT);
  const [NOSE, LEFT_EAR, RIGHT_EAR, LEFT_SHOULDER, RIGHT_SHOULDER] = [0, 7, 8, 11, 12];

  // A ring for the head: between the ears, as wide as they are apart or, from the side, as the shoulders suggest.
  function head(pen, x, y, seen, unit) {
    if (!seen(NOSE)) return;
    const ears = Math.hypot(x(LEFT_EAR) - x(RIGHT_EAR), y(LEFT_EAR) - y(RIGHT_EAR));
    const shoulders = Math.hypot(x(LEFT_SHOULDER) - x(RIGHT_SHOULDER), y(LEFT_SHOULDER) - y(RIGHT_SHOULDER));
    const radius = Math.max(ears * 0.72, shoulders * 0.22);
    const cx = (x(LEFT_EAR) + x(RIGHT_EAR)) / 2, cy = (y(LEFT_EAR) + y(RIGHT_EAR)) / 2;
    for (const [width, ink] of [[unit * 2.8, SHADE], [unit * 1.4, MIDDLE]]) {
      Object.assign(pen, { lineWidth: width, strokeStyle: ink });
      pen.beginPath();
      pen.arc(cx, cy, radius, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  window.ikem.draw = (pose) => {
    const target = surface();
    if (!target) return;
    const pen = target.getContext("2d"), w = target.width, h = target.height;
    pen.clearRect(0, 0, w, h);
    if (!pose) return;
    const x = (i) => pose[3 * i] * w, y = (i) => pose[3 * i + 1] * h, seen = (i) => pose[3 * i + 2] > SEEN;
    const unit = Math.max(2, h / 190);
    pen.lineCap = "round";
    const lines = window.ikem.settings.lines.filter(([a, b]) => a > 10 && seen(a) && seen(b));
    for (const [grow, ink] of [[2, () => SHADE], [1, ([a, b]) => side(a, b)]]) {
      for (const line of lines) {
        pen.lineWidth = unit * grow * 1.5;
        pen.strokeStyle = ink(line);
        pen.beginPath();
        pen.moveTo(x(line[0]), y(line[0]));
        pen.lineTo(x(line[1]), y(line[1]));
        pen.stroke();
      }
    }
    head(pen, x, y, seen, unit);
    for (const i of [11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]) {
      if (!seen(i)) continue;
      pen.fillStyle = "#ffffff";
      pen.beginPath();
      pen.arc(x(i), y(i), unit * 1.5, 0, 2 * Math.PI);
      pen.fill();
    }
  };
})();
