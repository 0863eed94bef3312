"""The layouts of skeletons that other programs write, told by their numbers of joints, and the way in for each."""

from __future__ import annotations

from models.skeleton import V

_LAYOUTS = {
    13: "13 joints look like Penn Action's or a reduced COCO's",
    14: "14 joints look like LSP's",
    15: "15 joints look like those of OpenNI or MPII's",
    16: "16 joints look like MPII's",
    17: "17 joints look like COCO's or Human3.6M's",
    18: "18 joints look like OpenPose's",
    19: "19 joints look like those of CMU Panoptic",
    20: "20 joints look like those of a Kinect v1",
    21: "21 joints look like those of a hand",
    22: "22 joints look like SMPL's without hands",
    23: "23 joints look like Xsens's",
    24: "24 joints look like SMPL's",
    26: "26 joints look like those of an early Azure Kinect or Halpe's",
    31: "31 joints look like those of CMU's motion capture",
    32: "32 joints look like those of an Azure Kinect or of Human3.6M",
    33: "33 joints look like BlazePose's landmarks",
    52: "52 joints look like SMPL-H's",
    55: "55 joints look like SMPL-X's",
    133: "133 joints look like COCO-WholeBody's",
    543: "543 joints look like MediaPipe Holistic's landmarks",
}
_ORDER = "order them as `models.skeleton.JOINTS` names them, with NaN for joints that you lack"
_WAYS = {
    20: f"`prepare` reads NW-UCLA's json of these; else {_ORDER}",
    33: "`models.skeleton.bridge` turns them into joints, and `classify VIDEO --skeletons` writes .ikem recordings",
}


def layout_hint(shape: tuple[int, ...]) -> str:
    """Return what an array of another shape than (T, 25, 3) looks like and what to do, from " (" on; "" if unknown.

    Args:
        shape: of the array; the joints are found in its second or third place.
    """
    if len(shape) == 4 and shape[2:] == (V, 3):
        return " (several people or clips: save each as a clip of its own)"
    if len(shape) in (4, 5) and 3 in shape[:2] and V in shape[2:4]:
        return f" (the order of ST-GCN's arrays: take one person of one clip, and turn it to (T, {V}, 3))"
    if len(shape) == 3 and shape[1:] == (V, 4):
        return " (four numbers a joint: give the first three, with NaN where the fourth says that a joint is lost)"
    if len(shape) >= 3 and shape[-1] == 2:
        return " (two coordinates a joint: pictures' coordinates do not do, joints need their depth in metres)"
    if len(shape) == 3 and shape[2] == V and shape[1] == 3:
        return " (turn the last two axes round)"
    if len(shape) == 3 and V in shape and 3 in shape:
        return f" (turn its axes round to (T, {V}, 3))"
    if len(shape) == 2 and shape[1] == 3 * V:
        return f" (reshape it to (T, {V}, 3))"
    count = next((places for places in shape[1:-1] if places in _LAYOUTS), 0) if len(shape) in (3, 4) else 0
    return f" ({_LAYOUTS[count]}; {_WAYS.get(count, _ORDER)})" if count else ""
