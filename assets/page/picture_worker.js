// A worker, for encoding takes milliseconds: it posts pictures and tells what became of each.
// {number, ...what post_picture takes} in; {number, ...what it gives} out, as they come: one may overtake another.
import { poster } from "./post_picture.js";

const post = poster(new OffscreenCanvas(1, 1));

self.onmessage = async ({ data: { number, ...asked } }) => {
  self.postMessage({ number, ...(await post(asked)) });
};
