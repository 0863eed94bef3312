// The camera's people over its picture, as the answer to a frame tells them.
import { personTint } from "./colours.js";
import { byId, sizeOf } from "./dom.js";
import { word } from "./names.js";
import { drawPeople, overlay } from "./overlay.js";
import { settings } from "./settings.js";
import { cameraVideo, mirrored } from "./stage.js";
import { unpack } from "./wire.js";

export function clearPeople() {
  const canvas = byId("overlay");
  canvas?.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

export function drawCameraPeople(persons) {
  const video = cameraVideo();
  if (!video || !video.videoWidth) return;
  const { w, h } = sizeOf(video), canvas = overlay(video, "overlay", w, h);
  const people = persons.map(({ id, main, pose, label, count }) => ({
    id, main, tint: personTint(id), points: unpack(pose, settings.steps.pose),
    text: label && label !== "idle" ? `${word(label)} ${count ?? ""}`.trim() : "",
  }));
  drawPeople(canvas, people, mirrored());
}
