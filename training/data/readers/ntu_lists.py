"""Published lists of NTU RGB+D 60 (Shahroudy et al., CVPR 2016) and 120 (Liu et al., TPAMI 2020), as data."""

from __future__ import annotations

TRAIN_SUBJECTS_60 = (1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38)
TRAIN_SUBJECTS_120 = (
    *TRAIN_SUBJECTS_60,
    45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95,
    97, 98, 100, 103,
)  # fmt: skip

# Clips that train and test, without the samples that the official lists name as missing skeletons.
PUBLISHED_60 = {"xsub": (40_091, 16_487), "xview": (37_646, 18_932)}
PUBLISHED_120 = {"xsub": (63_026, 50_919), "xset": (54_468, 59_477)}

# A001 to A120; the first 60 are those of NTU RGB+D 60, A050-A060 and A106-A120 are between two people.
ACTIONS = (
    "drink water", "eat meal", "brush teeth", "brush hair", "drop", "pick up", "throw", "sit down", "stand up", "clap",
    "read", "write", "tear up paper", "put on jacket", "take off jacket", "put on a shoe", "take off a shoe",
    "put on glasses", "take off glasses", "put on a hat", "take off a hat", "cheer up", "wave hand", "kick something",
    "reach into pocket", "hop", "jump up", "phone call", "play with phone", "type on a keyboard", "point to something",
    "take a selfie", "check time", "rub hands", "nod or bow", "shake head", "wipe face", "salute",
    "put palms together", "cross hands in front", "sneeze or cough", "stagger", "fall", "headache", "chest pain",
    "back pain", "neck pain", "nausea or vomiting", "fan self", "punch or slap person", "kick person", "push person",
    "pat person on the back", "point at person", "hug person", "give something to person", "touch person's pocket",
    "shake hands", "walk towards each other", "walk apart",
    "put on headphone", "take off headphone", "shoot at basket", "bounce ball", "tennis swing", "juggle balls", "hush",
    "flick hair", "thumb up", "thumb down", "ok sign", "victory sign", "staple book", "count money", "cut nails",
    "cut paper", "snap fingers", "open bottle", "sniff", "squat down", "toss a coin", "fold paper", "ball up paper",
    "play magic cube", "cream on face", "cream on hand", "put on bag", "take off bag", "put something into bag",
    "take something out of bag", "open a box", "move heavy objects", "shake fist", "throw up cap", "hands up",
    "cross arms", "arm circles", "arm swings", "run on the spot", "butt kicks", "cross toe touch", "side kick", "yawn",
    "stretch", "blow nose", "hit person with something", "wield knife at person", "knock over person",
    "grab person's stuff", "shoot at person", "step on foot", "high-five", "cheers and drink",
    "carry something together", "take photo of person", "follow person", "whisper to person", "exchange things",
    "support person", "rock paper scissors",
)  # fmt: skip
assert len(ACTIONS) == len(set(ACTIONS)) == 120 and len(TRAIN_SUBJECTS_120) == 53
