"""The training loop: one network, one loss, resumable to the same weights after a kill at any time.

Every batch is a pure function of (seed, step); the state on disk (weights, moving average,
optimiser, step) is replaced whole. So a run that was stopped and resumed equals one that never
stopped.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError

import torch
from accelerate import Accelerator
from torch import Tensor

from burnish import checkpoint
from burnish.data.pairs import Batch, PairSource
from burnish.errors import ModelError, OptionError
from burnish.files import whole
from burnish.nets.net import Net
from burnish.nets.zoo import build
from burnish.train.ahead import made_ahead
from burnish.train.log import RunLog, SinceRow
from burnish.train.muon import Muon
from burnish.train.objective import LOSSES, Objective, Surroundings
from burnish.train.recipe import Recipe, with_defaults
from burnish.train.stop import StopSignal
from burnish.train.validation import Validation, inside, mean_loss, sample_for, validate
from burnish.train.weights import model_card, take_over

OPTIMISERS = {"adam": torch.optim.Adam, "muon": Muon}
DAMAGED = OSError, EOFError, RuntimeError, ValueError, LookupError, UnpicklingError
"""What `torch.load` raises for a file that is not whole."""


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
    test_loss: bool = False
    """Log the loss on the validation pairs as well, as ``loss_test``."""
    validation: str = ""
    """Name of the folder that `best.safetensors` is chosen on, for the card."""

    def __post_init__(self) -> None:
        if self.precision not in ("no", "bf16"):
            raise OptionError(f"--precision is no or bf16, not '{self.precision}'.")
        if self.time_limit is not None and not self.time_limit >= 0:
            raise OptionError(f"--time-limit is 0 or more seconds, not {self.time_limit:g}.")


class Trainer:
    """State of one run: `run` goes on from wherever the folder's state stands."""

    def __init__(
        self,
        recipe: Recipe,
        source: PairSource,
        options: RunOptions,
        data: Sequence[str] = (),
        start: Sequence[Path] = (),
        around: Callable[[Net], Net] | None = None,
    ) -> None:
        """``start`` names weights to begin with; what fits by name and shape is taken over.

        ``around`` makes the network that is trained from the one that has those.
        """
        self.recipe, self.source, self.options, self.data = recipe, source, options, data
        self.accelerator = Accelerator(mixed_precision=options.precision)
        torch.manual_seed(recipe.seed)
        net = build(recipe.net, **recipe.choices)
        if start:
            take_over(net, start)
        net = around(net) if around else net
        for stage in recipe.stages:
            if net.scale * stage.size <= 2 * stage.border:
                raise OptionError(
                    f"Views of {stage.size} pixels are all border, which the loss of "
                    f"'{recipe.name}' leaves out at first: take larger ones."
                )
        self.ema = copy.deepcopy(net).eval().requires_grad_(False).to(self.accelerator.device)
        kind = OPTIMISERS[recipe.optimiser]
        optimiser = kind(net.parameters(), lr=recipe.learning_rate, betas=recipe.betas)
        self.net, self.optimiser = self.accelerator.prepare(net, optimiser)
        self.objective = LOSSES[recipe.loss](recipe, Surroundings(self.accelerator, options.vgg))
        self.step, self.best = 0, -math.inf
        self.interrupted = False
        """Whether a signal stopped the run."""
        self.state_file = options.folder / "state.pt"
        if self.state_file.exists():
            self._restore()
        self.log = RunLog(options.folder, self.step) if self.accelerator.is_main_process else None

    def _restore(self) -> None:
        try:
            state = torch.load(self.state_file, map_location="cpu", weights_only=True)
            recipe = with_defaults(state["recipe"])
        except (*DAMAGED, TypeError) as error:
            raise ModelError(
                f"{self.state_file} is damaged: remove it to begin anew, perhaps with --start "
                f"{self.options.folder / 'last.safetensors'}."
            ) from error
        if recipe != asdict(self.recipe):
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
        state = {
            "recipe": asdict(self.recipe),
            "net": self.accelerator.unwrap_model(self.net).state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "objective": self.objective.state(),
            "step": self.step,
            "best": self.best,
        }
        with whole(self.state_file) as partial:
            torch.save(state, partial)
        self._save_weights("last.safetensors")

    def _save_weights(self, name: str) -> None:
        card = model_card(self.recipe, self.ema, self.data, self.step, self.options.validation)
        checkpoint.save(self.options.folder / name, self.ema.state_dict(), card)

    def _choose_parameters(self) -> None:
        """Train what the current stage trains; the rest costs no backward pass."""
        stage = self.recipe.stage_at(self.step)
        only, net = stage.only, self.accelerator.unwrap_model(self.net)
        for module in (net, self.ema):
            module.residual_on = stage.residual
        for name, parameter in net.named_parameters():
            parameter.requires_grad_(not only or name.startswith(only))

    def _objective_at(self, step: int) -> Objective:
        if plain := self.recipe.stage_at(step).loss:
            return LOSSES[plain](self.recipe, Surroundings(self.accelerator))
        return self.objective

    def _batch(self, step: int) -> Batch:
        stage = self.recipe.stage_at(step)
        mine = range(self.accelerator.process_index, stage.batch, self.accelerator.num_processes)
        return self.source.batch(step, list(mine), stage.size)

    def _batches(self) -> Iterator[Batch]:
        """Batches from the current step on."""
        steps = range(self.step, self.recipe.steps)
        return made_ahead(self._batch, steps, self.options.workers)

    def _train_step(self, forward: Callable[..., Tensor], batch: Batch) -> dict[str, Tensor]:
        recipe, accelerator = self.recipe, self.accelerator
        self._choose_parameters()
        low, high, *more = (x.to(accelerator.device) for x in batch)
        # Dropout and random slopes are a function of the step as well: a run resumes exactly.
        torch.manual_seed(recipe.seed + 1_000_003 * (self.step + 1) + accelerator.process_index)
        with accelerator.autocast():
            out = forward(low, **sample_for(self.ema, more))
        border = recipe.stage_at(self.step).border
        out, high = inside(out.float(), border), inside(high, border)
        objective = self._objective_at(self.step)
        loss, terms = objective.losses(out, high)
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(self.net.parameters(), recipe.clip)
        rate = recipe.learning_rate_at(self.step)
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

    def validate(self, validation: Validation) -> dict[str, float]:
        """Mean PSNR in dB (at most 50 a photo) of the moving average: of each kind and of all."""
        scores, pictures = validate(self.ema, validation, self.accelerator.device)
        if self.log is not None and pictures:
            self.log.pictures(self.step, pictures[:8])
        return scores

    def test_loss(self, validation: Validation) -> float:
        """The loss of the last step on validation pairs, by the moving average."""
        last = self.step - 1
        loss, stage = self._objective_at(last).losses, self.recipe.stage_at(last)
        return mean_loss(self.ema, validation, self.accelerator.device, stage, loss)

    def _validate_and_keep_the_best(self, validation: Validation) -> None:
        scores = self.validate(validation)
        row = {f"psnr_{k}": v for k, v in scores.items()}
        if self.options.test_loss:
            row["loss_test"] = self.test_loss(validation)
        if self.log:
            self.log.row(self.step, row)
        if scores["all"] > self.best:
            self.best = scores["all"]
            if self.accelerator.is_main_process:
                self._save_weights("best.safetensors")

    def run(self, validation: Validation = ()) -> bool:
        """Train until the recipe's last step (True) or the time limit or a signal (False)."""
        options, recipe = self.options, self.recipe
        # One graph a view size: kernels for any size, which the second size would get, are slow.
        forward: Callable[..., Tensor] = (
            torch.compile(self.net, dynamic=False) if options.compile else self.net
        )
        started, since = time.monotonic(), SinceRow(self.step)
        self.net.train()
        with StopSignal() as stop:
            for batch in self._batches():
                try:
                    terms = self._train_step(forward, batch)
                except Exception:
                    if not stop.asked:
                        raise
                    self.interrupted = True  # Ctrl-C has ended the compiler's processes, too;
                    break  # a run begun again is at its last save
                out_of_time = (
                    options.time_limit is not None
                    and time.monotonic() - started > options.time_limit
                )
                done = self.step == recipe.steps
                last = done or stop.asked or out_of_time
                saved = self.step % options.save_every == 0 or last
                if self.log:
                    since.add(terms)
                    if self.step % options.log_every == 0 or saved:
                        rate = recipe.learning_rate_at(self.step - 1)
                        since.write(self.log, self.step, rate, self.objective.every_step)
                if validation and (self.step % options.validate_every == 0 or done):
                    self._validate_and_keep_the_best(validation)
                    since.restart_clock(self.step)
                if saved:
                    self._save()
                if last:
                    self.interrupted = stop.asked and not done
                    break
        if self.log:
            self.log.close()
        return self.step >= recipe.steps
