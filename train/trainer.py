"""One training: painter and judge, step by step, with an average of the weights that is what gets exported."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (torch's own convention)

from talkingface.errors import CheckpointError
from talkingface.networks.face_generator import FaceGeneratorConfig, FaceGeneratorNetwork
from talkingface.networks.patch_discriminator import PatchDiscriminator
from train.image_pool import ImagePool
from train.losses import LossWeights, VggDistance, feature_matching, judge_losses, picture_losses
from train.samples import Batch

JUDGED_ROWS, JUDGED_COLUMNS = slice(20, 100), slice(16, 112)


@dataclass(frozen=True)
class TrainingPlan:
    """What a training does.

    Attributes:
        learning_rate: of the painter at the start; it falls to a fiftieth along a cosine.
        judge_learning_rate: of the judge.
        judge_from: share of the training after which the judge joins; 1 or more leaves it out.
        average_decay: of the exponential average of the weights.
        half_precision: bfloat16 convolutions; None takes them where this processor is faster with them, which is
            several times where it knows them and several times slower where it does not.
        weights: of the loss terms.
    """

    learning_rate: float = 8e-4
    judge_learning_rate: float = 1e-3
    judge_from: float = 1.0
    average_decay: float = 0.998
    half_precision: bool | None = None
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ValueError: a rate that is not positive, or a decay outside 0..1.
        """
        if min(self.learning_rate, self.judge_learning_rate) <= 0 or not 0 <= self.average_decay < 1:
            raise ValueError("expected positive learning rates and a decay in 0..1")


class Trainer:
    """Painter, judge, their optimisers and the averaged painter."""

    def __init__(
        self, config: FaceGeneratorConfig, plan: TrainingPlan, vgg: VggDistance | None = None
    ) -> None:
        """Build everything anew."""
        self.plan = plan
        wanted = plan.half_precision
        self._half_precision = bfloat16_is_faster() if wanted is None else wanted
        self.network = FaceGeneratorNetwork(config).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = FaceGeneratorNetwork(config)
        self.average.load_state_dict(self.network.state_dict())
        self.judge = PatchDiscriminator().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.Adam(self.network.parameters(), plan.learning_rate, betas=(0.9, 0.99))
        self.judge_optimiser = torch.optim.Adam(
            self.judge.parameters(), plan.judge_learning_rate, betas=(0.5, 0.99)
        )
        self.pool = ImagePool()
        self.vgg = vgg
        self.step_count = 0
        self.elapsed_s = 0.0

    def step(self, batch: Batch, done: float) -> dict[str, float]:
        """Train on one batch; ``done`` is the share of the whole training, 0..1. Returns the loss terms."""
        self._set_rates(done)
        judged = done >= self.plan.judge_from
        guides = batch.guides.contiguous(memory_format=torch.channels_last)
        with self._precision():
            painted = self.network(guides, batch.references)
        terms = picture_losses(painted, batch.truths, batch.importance)
        if self.vgg is not None:
            terms["vgg"] = self.vgg(painted, batch.truths)
        if judged:
            terms |= self._judge_step(painted, batch)
        weights = self.plan.weights
        total = torch.stack(
            [getattr(weights, name) * term for name, term in terms.items() if hasattr(weights, name)]
        )
        self.optimiser.zero_grad(set_to_none=True)
        total.sum().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self._follow()
        self.step_count += 1
        return {name: float(term.detach()) for name, term in terms.items()}

    def save(self, path: Path) -> None:
        """Write all state for resuming, whole or not at all."""
        state = {
            "step": self.step_count,
            "elapsed_s": self.elapsed_s,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "judge": self.judge.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "judge_optimiser": self.judge_optimiser.state_dict(),
        }
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Resume.

        Raises:
            CheckpointError: not such a state.
        """
        try:
            state = torch.load(path, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.judge.load_state_dict(state["judge"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.judge_optimiser.load_state_dict(state["judge_optimiser"])
            self.step_count, self.elapsed_s = int(state["step"]), float(state["elapsed_s"])
        except Exception as error:  # torch raises classes of its own straight from Exception
            raise CheckpointError(f"expected a training state, found {path} ({error})") from error

    def _judge_step(self, painted: Tensor, batch: Batch) -> dict[str, Tensor]:
        mask = batch.guides[:, 3:]
        true = _judged(torch.cat([batch.truths, mask], 1))
        fake = _judged(torch.cat([painted.float(), mask], 1))
        self.judge_optimiser.zero_grad(set_to_none=True)
        verdict_true, features_true = self.judge(true)
        verdict_fake, _ = self.judge(self.pool.mixed(fake))
        importance = F.adaptive_avg_pool2d(_judged(batch.importance), verdict_true.shape[-2:])
        importance = importance / importance.mean()
        own = judge_losses(verdict_true, verdict_fake, importance)
        own.backward()
        self.judge_optimiser.step()
        self.judge.requires_grad_(False)
        verdict, features = self.judge(fake)
        self.judge.requires_grad_(True)
        return {
            "judge": -(verdict * importance).mean(),
            "features": feature_matching(features, features_true),
            "judge_own": own.detach(),
        }

    def _precision(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._half_precision)

    def _set_rates(self, done: float) -> None:
        warm = min(1.0, (self.step_count + 1) / 100)
        rate = self.plan.learning_rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(self.plan.average_decay, (1 + self.step_count) / (10 + self.step_count))
        for kept, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
            kept.lerp_(new.contiguous(), 1 - decay)


@torch.no_grad()
def bfloat16_is_faster() -> bool:
    """Try a convolution in both kinds of numbers on this processor; the quickest of a few tries counts."""
    layer, picture = torch.nn.Conv2d(16, 16, 3, padding=1), torch.zeros(4, 16, 64, 64)
    quickest_s = {}
    for half in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            times_s = []
            for _ in range(6):
                begun = time.perf_counter()
                layer(picture)
                times_s.append(time.perf_counter() - begun)
        quickest_s[half] = min(times_s)
    return quickest_s[True] < quickest_s[False]


@torch.no_grad()
def validation_figures(network: FaceGeneratorNetwork, batches: list[Batch]) -> dict[str, float]:
    """Return weighted L1 (levels of 0..255) and PSNR (dB) of painting and of the guide itself, where paint is laid."""
    sums = {"l1": 0.0, "l1_guide": 0.0, "square": 0.0, "square_guide": 0.0}
    count = 0.0
    network.eval()
    for batch in batches:
        painted = network(batch.guides, batch.references).clamp(0, 1)
        weight = batch.importance
        for name, picture in (("", painted), ("_guide", batch.guides[:, :3])):
            difference = picture - batch.truths
            sums["l1" + name] += float((difference.abs() * weight).mean()) * 255 * len(weight)
            sums["square" + name] += float((difference.square() * weight).mean()) * len(weight)
        count += len(weight)
    network.train()
    return {
        "l1": sums["l1"] / count,
        "l1_guide": sums["l1_guide"] / count,
        "psnr": -10 * math.log10(sums["square"] / count),
        "psnr_guide": -10 * math.log10(sums["square_guide"] / count),
    }


def _judged(pictures: Tensor) -> Tensor:
    """Return the part around the mouth that the judge sees, (B, C, 80, 96) of a patch of 128."""
    if pictures.shape[-1] == 128:
        pictures = pictures[..., JUDGED_ROWS, JUDGED_COLUMNS]
    return F.pad(pictures, (0, -(pictures.shape[-1] % 8), 0, -(pictures.shape[-2] % 8)))
