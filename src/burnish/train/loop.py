"""The training loop: one network, one loss, resumable to the same weights after a kill at any time.

Every batch is a pure function of (seed, step); the state on disk (weights, moving average,
optimiser, step) is replaced whole. So a run that was stopped and resumed equals one that never
stopped.
"""

import copy
import math
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.data.pairs import Batch, PairSource
from burnish.errors import ModelError
from burnish.nets.net import Net
from burnish.nets.zoo import build, parameter_count
from burnish.train.log import RunLog
from burnish.train.objective import LOSSES, Surroundings
from burnish.train.recipe import Recipe

Validation = Sequence[tuple[str, Tensor, Tensor] | tuple[str, Tensor, Tensor, Tensor]]
"""Kind, input, target, and perhaps a sample of the input's whole picture."""


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out; nothing here changes the weights beyond rounding."""

    folder: Path
    time_limit: float | None = None
    """Seconds after which the state is saved and the run stops, to be resumed later."""
    precision: str = "no"
    """accelerate's mixed precision: ``no`` or ``bf16``."""
    compile: bool = False
    validate_every: int = 500
    save_every: int = 100
    log_every: int = 20
    workers: int = 0
    """Threads that make the next batches ahead; they change nothing but the time."""
    vgg: Path | None = None
    """Weights of the perceptual loss's feature extractor; the user's cache if None."""


def learning_rate(recipe: Recipe, step: int) -> float:
    """Rate at ``step`` (from 0)."""
    warm = min(1.0, (step + 1) / (recipe.warmup + 1))
    done = step / recipe.steps
    if recipe.schedule == "stages":
        return warm * (recipe.stage_at(step).learning_rate or recipe.learning_rate)
    if recipe.schedule == "staircase":
        return warm * recipe.learning_rate * 0.95 ** (int(done * 100) // 5)
    return warm * recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def model_card(recipe: Recipe, net: Net, data: Sequence[str], step: int) -> ModelCard:
    """The card of a checkpoint of this run."""
    return ModelCard(
        name=recipe.name,
        net=recipe.net,
        hyperparameters=recipe.choices,
        task="sr" if recipe.pairs in ("bicubic", "bicubic-mild") else "enhance",
        parameters=parameter_count(net),
        description=recipe.description,
        training_data=tuple(data),
        training={"recipe": asdict(recipe), "step": step},
        **net.needs(),
    )


def score_of(kind: str, out: Tensor, high: Tensor) -> float:
    """PSNR in dB, at most 50: on RGB, and for super-resolution (``sr``) on luma without borders."""
    if kind == "sr":
        weights = out.new_tensor([65.481, 128.553, 24.966])[:, None, None] / 255
        out, high = ((v * weights).sum(1)[..., 2:-2, 2:-2] for v in (out, high))
    mse = nn.functional.mse_loss(out, high).item()
    return min(50.0, -10 * math.log10(max(mse, 1e-10)))


def take_over(net: Net, weights: Path) -> None:
    """Fill ``net`` with a file's weights where names and shapes agree."""
    known, own = checkpoint.load_weights(weights)[0], net.state_dict()
    fitting = {k: v for k, v in known.items() if k in own and v.shape == own[k].shape}
    net.load_state_dict(own | fitting)
    if missing := sorted(set(own) - set(fitting)):
        print(f"Starting from {weights}, but for {', '.join(missing)}.", flush=True)


class Trainer:
    """State of one run: `run` goes on from wherever the folder's state stands."""

    def __init__(
        self,
        recipe: Recipe,
        source: PairSource,
        options: RunOptions,
        data: Sequence[str] = (),
        start: Path | None = None,
    ) -> None:
        """``start`` names weights to begin with; what fits by name and shape is taken over."""
        self.recipe, self.source, self.options, self.data = recipe, source, options, data
        self.accelerator = Accelerator(mixed_precision=options.precision)
        torch.manual_seed(recipe.seed)
        net = build(recipe.net, **recipe.choices)
        if start is not None:
            take_over(net, start)
        self.ema = copy.deepcopy(net).eval().requires_grad_(False).to(self.accelerator.device)
        optimiser = torch.optim.Adam(net.parameters(), lr=recipe.learning_rate, betas=recipe.betas)
        self.net, self.optimiser = self.accelerator.prepare(net, optimiser)
        self.objective = LOSSES[recipe.loss](recipe, Surroundings(self.accelerator, options.vgg))
        self.step, self.best = 0, -math.inf
        self.state_file = options.folder / "state.pt"
        if self.state_file.exists():
            self._restore()
        self.log = RunLog(options.folder, self.step) if self.accelerator.is_main_process else None

    def _restore(self) -> None:
        state = torch.load(self.state_file, map_location="cpu", weights_only=True)
        defaults = asdict(Recipe(self.recipe.name, self.recipe.net))  # of a run from before a field
        if defaults | state["recipe"] != asdict(self.recipe):
            raise ModelError(
                f"{self.options.folder} holds a run of another recipe; choose another folder."
            )
        self.accelerator.unwrap_model(self.net).load_state_dict(state["net"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.objective.restore(state.get("objective", {}))
        self.step, self.best = state["step"], state["best"]

    def _save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        folder = self.options.folder
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "recipe": asdict(self.recipe),
            "net": self.accelerator.unwrap_model(self.net).state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "objective": self.objective.state(),
            "step": self.step,
            "best": self.best,
        }
        partial = self.state_file.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self.state_file)
        self._save_weights("last.safetensors")

    def _save_weights(self, name: str) -> None:
        card = model_card(self.recipe, self.ema, self.data, self.step)
        checkpoint.save(self.options.folder / name, self.ema.state_dict(), card)

    def _choose_parameters(self) -> None:
        """Train what the current stage trains; the rest costs no backward pass."""
        stage = self.recipe.stage_at(self.step)
        only, net = stage.only, self.accelerator.unwrap_model(self.net)
        for module in (net, self.ema):
            module.residual_on = stage.residual
        for name, parameter in net.named_parameters():
            parameter.requires_grad_(not only or name.startswith(only))

    def _batch(self, step: int) -> Batch:
        stage = self.recipe.stage_at(step)
        mine = range(self.accelerator.process_index, stage.batch, self.accelerator.num_processes)
        return self.source.batch(step, list(mine), stage.size)

    def _batches(self) -> Iterator[Batch]:
        """Batches from the current step on; each is a pure function of its step: order is free."""
        steps = range(self.step, self.recipe.steps)
        if not self.options.workers:
            yield from map(self._batch, steps)
            return
        with ThreadPoolExecutor(self.options.workers) as pool:
            ahead: deque[Future[Batch]] = deque()
            try:
                for step in steps:
                    ahead.append(pool.submit(self._batch, step))
                    if len(ahead) > 2 * self.options.workers:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def _sample(self, more: Sequence[Tensor]) -> dict[str, Tensor]:
        """The sample of the whole picture, for a network that asks for its tones."""
        return {"sample": more[0]} if more and self.ema.tones else {}

    def _train_step(self, forward: Callable[..., Tensor], batch: Batch) -> dict[str, Tensor]:
        recipe, accelerator = self.recipe, self.accelerator
        self._choose_parameters()
        low, high, *more = (x.to(accelerator.device) for x in batch)
        # Dropout and random slopes are a function of the step as well: a run resumes exactly.
        torch.manual_seed(recipe.seed + 1_000_003 * (self.step + 1) + accelerator.process_index)
        with accelerator.autocast():
            out = forward(low, **self._sample(more))
        out = out.float()
        objective = self.objective
        if plain := recipe.stage_at(self.step).loss:
            objective = LOSSES[plain](recipe, Surroundings(accelerator))
        loss, terms = objective.losses(out, high)
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(self.net.parameters(), recipe.clip)
        rate = learning_rate(recipe, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self.optimiser.zero_grad()
        terms |= objective.learn(out.detach(), high, rate / recipe.learning_rate)
        self.step += 1
        decay = min(recipe.ema, self.step / (self.step + 10))
        with torch.no_grad():
            current = accelerator.unwrap_model(self.net).state_dict()
            for name, value in self.ema.state_dict().items():
                value.lerp_(current[name], 1 - decay)
        return {"loss": loss.detach()} | terms

    @torch.no_grad()
    def validate(self, validation: Validation) -> dict[str, float]:
        """Mean PSNR in dB (at most 50 a photo) of the moving average: of each kind and of all."""
        scores: dict[str, list[float]] = {}
        pictures = []
        for kind, low, high, *more in validation:
            more = [x.to(self.accelerator.device) for x in more]
            out = self.ema(low.to(self.accelerator.device), **self._sample(more)).clamp(0, 1).cpu()
            score = score_of(kind, out, high)
            scores.setdefault(kind, []).append(score)
            scores.setdefault("all", []).append(score)
            shown = nn.functional.interpolate(low, size=high.shape[-2:])
            pictures.append(torch.cat([shown, out, high], dim=3)[0])
        if self.log is not None and pictures:
            self.log.pictures(self.step, pictures[:8])
        return {k: sum(v) / len(v) for k, v in scores.items()}

    def run(self, validation: Validation = ()) -> bool:
        """Train until the recipe's last step (True) or the time limit or a signal (False)."""
        options, recipe = self.options, self.recipe
        forward: Callable[..., Tensor] = torch.compile(self.net) if options.compile else self.net
        started, stop = time.monotonic(), _StopSignal()
        losses: list[dict[str, Tensor]] = []
        since = (time.monotonic(), self.step)
        self.net.train()
        with stop:
            for batch in self._batches():
                losses.append(self._train_step(forward, batch))
                out_of_time = (
                    options.time_limit is not None
                    and time.monotonic() - started > options.time_limit
                )
                last = self.step == recipe.steps or stop.asked or out_of_time
                saved = self.step % options.save_every == 0 or last
                if self.log and (self.step % options.log_every == 0 or saved):
                    now = time.monotonic()
                    names = dict.fromkeys(k for t in losses for k in t)
                    terms = {
                        k: torch.stack([t[k] for t in losses if k in t]).tolist() for k in names
                    }
                    row = {
                        k: math.fsum(values) / len(values)
                        for k, values in terms.items()
                        if k not in self.objective.every_step
                    } | {
                        "learning_rate": learning_rate(recipe, self.step - 1),
                        "seconds_per_step": (now - since[0]) / max(1, self.step - since[1]),
                    }
                    losses, since = [], (now, self.step)
                    self.log.trace(
                        self.step, {k: terms[k] for k in self.objective.every_step if k in terms}
                    )
                    self.log.row(self.step, row)
                if validation and (
                    self.step % options.validate_every == 0 or self.step == recipe.steps
                ):
                    scores = self.validate(validation)
                    if self.log:
                        self.log.row(self.step, {f"psnr_{k}": v for k, v in scores.items()})
                    if scores["all"] > self.best:
                        self.best = scores["all"]
                        if self.accelerator.is_main_process:
                            self._save_weights("best.safetensors")
                    since = (time.monotonic(), self.step)
                if saved:
                    self._save()
                if last:
                    break
        if self.log:
            self.log.close()
        return self.step >= recipe.steps


class _StopSignal:
    """Turns SIGTERM and Ctrl-C into a request to stop after the step, so that no work is lost."""

    asked = False

    def __enter__(self) -> None:
        try:
            self.before = {s: signal.signal(s, self._ask) for s in (signal.SIGTERM, signal.SIGINT)}
        except ValueError:  # not the main thread: signals stay whose they are
            self.before = {}

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
