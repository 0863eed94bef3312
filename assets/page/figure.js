// A skeleton in three dimensions on a small canvas: 25 joints in metres, turned by hand or swaying by itself.
(() => {
  const ikem = window.ikem, { byId } = ikem;
  const V = 25, HEAD = 3, FEET = [14, 15, 18, 19], TIPS = [7, 11, 15, 19];
  const TALL_M = 2.25, WIDE_M = 1.9, PITCH = 0.16;
  const LEFT = new Set([4, 5, 6, 7, 12, 13, 14, 15, 21, 22]), RIGHT = new Set([8, 9, 10, 11, 16, 17, 18, 19, 23, 24]);
  const [SIN, COS] = [Math.sin(PITCH), Math.cos(PITCH)];

  // One moment between two frames, feet on the ground: Float32Array of V x 3.
  function moment(clip, at) {
    const low = Math.min(clip.count - 1, Math.max(0, Math.floor(at))), high = Math.min(clip.count - 1, low + 1);
    const share = Math.min(1, Math.max(0, at - low)), joints = new Float32Array(V * 3);
    for (let i = 0; i < V * 3; i++) {
      const a = clip.joints[low * V * 3 + i], b = clip.joints[high * V * 3 + i];
      joints[i] = a + share * (b - a);
    }
    if (clip.ground) {
      const floor = Math.min(...FEET.map((v) => joints[3 * v + 1]));
      for (let v = 0; v < V; v++) joints[3 * v + 1] -= floor;
    }
    return joints;
  }

  // Draws a clip {joints (T x 25 x 3), count, ground, mirrored} at a moment, seen from an angle.
  ikem.drawFigure = (canvas, clip, at, yaw, trails) => {
    const dense = Math.min(2, window.devicePixelRatio || 1), w = canvas.clientWidth, h = canvas.clientHeight;
    if (!w || !h) return;
    const [W, H] = [Math.round(w * dense), Math.round(h * dense)];
    if (canvas.width !== W || canvas.height !== H) Object.assign(canvas, { width: W, height: H });
    const pen = canvas.getContext("2d"), style = getComputedStyle(canvas);
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, w, h);
    pen.lineCap = pen.lineJoin = "round";
    const scale = Math.min(h / TALL_M, w / WIDE_M), sin = Math.sin(yaw), cos = Math.cos(yaw), turn = clip.mirrored ? 1 : -1;
    const place = (joints, v) => {
      const x = turn * joints[3 * v], y = joints[3 * v + 1], z = joints[3 * v + 2];
      const across = x * cos + z * sin, depth = z * cos - x * sin;
      return [w / 2 + scale * across, h * 0.93 - scale * (y * COS + depth * SIN * 0.6), depth];
    };
    ground(pen, w, h, scale, style);
    if (trails) trail(pen, clip, at, place, scale, style);
    body(pen, moment(clip, at), place, scale, style);
  };

  function ground(pen, w, h, scale, style) {
    pen.fillStyle = style.getPropertyValue("--track");
    pen.beginPath();
    pen.ellipse(w / 2, h * 0.93, scale * 0.55, scale * 0.55 * SIN, 0, 0, 2 * Math.PI);
    pen.fill();
  }

  // The way of hands and feet through the window, fading into the past.
  function trail(pen, clip, at, place, scale, style) {
    pen.strokeStyle = style.getPropertyValue("--accent");
    pen.lineWidth = scale * 0.025;
    const frames = [];
    for (let k = 0; k <= at; k++) frames.push(moment(clip, k));
    for (const v of TIPS) {
      for (let k = 1; k < frames.length; k++) {
        pen.globalAlpha = 0.7 * (k / frames.length) ** 1.5;
        pen.beginPath();
        pen.moveTo(...place(frames[k - 1], v).slice(0, 2));
        pen.lineTo(...place(frames[k], v).slice(0, 2));
        pen.stroke();
      }
    }
    pen.globalAlpha = 1;
  }

  function body(pen, joints, place, scale, style) {
    const inks = ["--figure", "--figure-left", "--figure-right"].map((name) => style.getPropertyValue(name));
    const ink = (v) => inks[LEFT.has(v) ? 1 : RIGHT.has(v) ? 2 : 0];
    const points = Array.from({ length: V }, (_, v) => place(joints, v));
    const bones = [...ikem.settings.bones].sort(([a, b], [c, d]) => points[c][2] + points[d][2] - points[a][2] - points[b][2]);
    for (const [child, parent] of bones) {
      pen.strokeStyle = ink(child);
      pen.lineWidth = scale * (child > 20 ? 0.02 : 0.045);
      pen.beginPath();
      pen.moveTo(points[parent][0], points[parent][1]);
      pen.lineTo(points[child][0], points[child][1]);
      pen.stroke();
    }
    pen.fillStyle = inks[0];
    pen.beginPath();
    pen.arc(points[HEAD][0], points[HEAD][1], scale * 0.09, 0, 2 * Math.PI);
    pen.fill();
  }

  // The Live tab's figure: the main person's newest window, played as it goes on.
  const DRAW_MS = 50, BEHIND_S = 0.25; // a new window comes every 0.2 s: so much later, there is always one to draw
  let clip = null, came = 0, turned = 0, touched = false, held = null, drawn = 0, asleep = true;

  function frame(now) {
    if (!clip) return void (asleep = true);
    requestAnimationFrame(frame);
    if (now - drawn < DRAW_MS) return;
    drawn = now;
    const rate = (clip.count - 1) / ikem.settings.window;
    const at = clip.count - 1 + rate * ((now - came) / 1000 - BEHIND_S);
    const sway = ikem.calm.matches || touched ? 0 : 0.5 * Math.sin(now / 2600);
    ikem.drawFigure(byId("figure"), clip, Math.min(clip.count - 1, at), turned + sway, true);
  }

  ikem.sees = (sees) => {
    const canvas = byId("figure");
    byId("unseen").hidden = Boolean(sees);
    if (!sees) {
      clip = null;
      canvas?.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      return;
    }
    const joints = ikem.unpack(sees.joints, ikem.settings.steps.joint);
    clip = { joints, count: sees.frames, ground: true, mirrored: ikem.mirrored() };
    came = performance.now();
    if (asleep) requestAnimationFrame(frame);
    asleep = false;
  };

  document.addEventListener("pointerdown", (event) => {
    if (event.target.id !== "figure") return;
    touched = true;
    held = { x: event.clientX, turned };
    event.target.setPointerCapture(event.pointerId);
  });
  document.addEventListener("pointermove", (event) => {
    if (held) turned = held.turned + (event.clientX - held.x) / 80;
  });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => { held = null; });
  document.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -0.2, ArrowRight: 0.2 }[event.key];
    if (event.target.id !== "figure" || !way) return;
    touched = true;
    turned += way;
    event.preventDefault();
  });
})();
