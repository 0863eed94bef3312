"""Variants of the pre-training step that `bench` measures, and the setting that they share."""

from __future__ import annotations

from dataclasses import dataclass

# NTU RGB+D 60: 11 of the 60 classes show two people.
TWO_PEOPLE = 11 / 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """Variant of the pre-training step.

    Attributes:
        text: what it is, in the table.
        published: training.benchmark.published instead of training.method.pretrain.
        precision: fp32, tf32 (on CUDA) or bf16.
        recompute: keep no activations.
        skip: leave empty second bodies out; some clips then have one person only.
        compile: torch.compile the encoders.
        slot_mb: megabytes that a person of a clip takes at the published widths (measured), to refuse in time.
        clip_mb: megabytes of logits a clip at K = 32768 (measured).
    """

    text: str
    published: bool = False
    precision: str = "fp32"
    recompute: bool = False
    skip: bool = False
    compile: bool = False
    slot_mb: float
    clip_mb: float = 3.0


VARIANTS: dict[str, Variant] = {
    "published": Variant(text="as published, fp32", published=True, slot_mb=64, clip_mb=21),
    "fp32": Variant(text="ours, fp32", slot_mb=30),
    "tf32": Variant(text="ours, tf32", precision="tf32", slot_mb=75),
    "bf16": Variant(text="ours, bf16", precision="bf16", slot_mb=20),
    "fp32-recompute": Variant(text="ours, fp32, recomputed", recompute=True, slot_mb=10),
    "bf16-recompute": Variant(text="ours, bf16, recomputed", precision="bf16", recompute=True, slot_mb=10),
    "fp32-skip": Variant(text="ours, fp32, empty bodies skipped", skip=True, slot_mb=30),
    "bf16-skip": Variant(text="ours, bf16, empty bodies skipped", precision="bf16", skip=True, slot_mb=20),
    "bf16-compile": Variant(text="ours, bf16, compiled", precision="bf16", compile=True, slot_mb=40),
}
_FIXED_MB = 1400  # torch, weights, momentum, and the queues with their copies at K = 32768


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Setting that all variants of a run share.

    Attributes:
        batch: clips a step.
        people: body slots a clip.
        queue: K.
        modalities: how many of the six.
        steps: timed steps of a variant in a round, in turn with the other variants'; one more goes before them.
        rounds: how often all begin anew, in fresh processes.
        threads: of torch, on a CPU.
        device: cpu or cuda.
        channels: widths of the encoders' blocks; None takes the published ones.
    """

    batch: int = 32
    people: int = 1
    queue: int = 32768
    modalities: int = 6
    steps: int = 3
    rounds: int = 3
    threads: int = 2
    device: str = "cpu"
    channels: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("batch", "queue", "steps", "rounds", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; got {getattr(self, name)}")
        if self.people not in (1, 2):
            raise ValueError(f"people must be 1 or 2; got {self.people}")
        if not 2 <= self.modalities <= 6:
            raise ValueError(f"modalities must be 2 to 6, to have something to exchange; got {self.modalities}")

    def two_people(self, variant: Variant) -> int:
        """Return how many clips of a batch have a second person, as far as the variant can tell."""
        if self.people == 1:
            return 0
        return round(self.batch * TWO_PEOPLE) if variant.skip else self.batch

    def memory_mb(self, variant: Variant) -> float:
        """Estimate a variant's peak of memory in megabytes, roughly."""
        slots = self.batch + self.two_people(variant)
        share, columns = self.modalities / 6, self.queue / 32768
        pairs = self.modalities * (self.modalities - 1) / 30
        fixed = 400 + (_FIXED_MB - 400) * share * columns
        return fixed + slots * variant.slot_mb * share + self.batch * variant.clip_mb * columns * pairs
