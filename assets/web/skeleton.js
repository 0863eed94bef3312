// The bridge from 33 BlazePose landmarks to 25 joints: what models/skeleton.py says, for motion and counting. The graph
// has its own.
import { constants } from "./constants.js";

let recipes = null; // of each joint: [landmark, weight]

function recipesOf() {
  recipes ??= constants.skeleton.BRIDGE_VL.map((row) => [...row.entries()].filter(([, weight]) => weight > 0));
  return recipes;
}

// The joints of a pose: { joints: Float32Array of 25 x 3 metres, y up; seen: Uint8Array of 25 }. A joint is seen if
// every landmark that it is made from is seen.
export function bridge({ world, visibility }) {
  const { V, TURN, SEEN_FROM } = constants.skeleton;
  const joints = new Float32Array(3 * V), seen = new Uint8Array(V).fill(1);
  recipesOf().forEach((recipe, v) => {
    for (const [mark, weight] of recipe) {
      if (visibility[mark] < SEEN_FROM) seen[v] = 0;
      for (let axis = 0; axis < 3; axis++) joints[3 * v + axis] += weight * world[3 * mark + axis] * TURN[axis];
    }
  });
  return { joints, seen };
}
