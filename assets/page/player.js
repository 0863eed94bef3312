// The recording's player, whether the browser plays it or skeletons stand in for it.
import { isUnplayable, momentNow, playFrom } from "./stand_in.js";

const STEPS = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 4];
const video = () => document.querySelector("#clip video");

export const playedAt = (seconds) => (isUnplayable() ? momentNow(seconds) : (video()?.currentTime ?? 0));

// Shows a moment, standing still.
export function showMoment(t) {
  if (isUnplayable()) return playFrom(t);
  const player = video();
  if (!player) return;
  player.pause();
  player.currentTime = t;
}

export function playOrPause() {
  const player = video();
  if (!player || isUnplayable()) return;
  if (player.paused) player.play().catch(() => {});
  else player.pause();
}

// To the next slower or faster speed; gives it.
export function changeSpeed(by) {
  const player = video();
  if (!player) return 1;
  const place = STEPS.findIndex((step) => step >= player.playbackRate - 1e-6);
  player.playbackRate = STEPS[Math.min(STEPS.length - 1, Math.max(0, place + by))];
  return player.playbackRate;
}
