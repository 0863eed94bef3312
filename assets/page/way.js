// Who looks at the camera's pictures. A way is {most: pictures under way, needsKey: to the server, here: whether the
// browser itself looks, post: function (video, asked, free) that gives a promise of what post_picture.js tells}; it may
// call `free` when the next picture may come, before its answer is there.
import { postPicture } from "./posting.js";

const AT_ONCE = 2; // pictures under way: one that the server looks at, and one that arrives meanwhile

export const SERVER = { most: AT_ONCE, needsKey: true, here: false, post: postPicture };
let way = SERVER;

export const wayNow = () => way;
export const takeWay = (to) => { way = to; };
