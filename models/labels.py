"""The actions that the default model can name, and the two labels that name none."""

from __future__ import annotations

IDLE = "idle"  # standing or sitting still
OTHER = "other"  # movement that no label names
SILENT = (IDLE, OTHER)  # scored but never named

# Short id -> what a person would say
DISPLAY = {
    "wave": "waving", "raise_hand": "raising a hand", "clap": "clapping", "throw": "throwing", "punch": "punching",
    "kick": "kicking", "squat": "squatting", "lunge": "lunging", "walk": "walking", "run": "running",
    "jump": "jumping", "jumping_jack": "jumping jacks", "sit_down": "sitting down", "stand_up": "standing up",
    "pick_up": "picking something up", "drink": "drinking", "phone": "on the phone",
    "bow": "bowing", "point": "pointing", "lie_down": "lying down", IDLE: "standing or sitting still",
    OTHER: "something else",
}  # fmt: skip

# Of recorded sets' actions, those that train as another one, which a person would name: who carries something walks
SAME = {"carry": "walk"}
