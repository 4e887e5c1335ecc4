"""The options of an enhancement, declared once: flags, API fields and docs derive from them."""

from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from pathlib import Path
from typing import get_args

from burnish.engine.backend import BackendName, Device, Precision, settle
from burnish.engine.ensemble import Ensemble
from burnish.engine.mode import Mode
from burnish.engine.models import AUTO, Task, resolve
from burnish.errors import OptionError


@dataclass(frozen=True)
class EnhanceOptions:
    """How a photo is enhanced; the same everywhere burnish runs.

    ``model`` and ``backend`` are never ``auto`` once it is made: they are then the shipped model
    for task and scale, and the backend for the device.
    """

    model: str = field(
        default=AUTO,
        metadata={
            "help": "Shipped model by name (see `burnish models`) or an exported folder; A+B: B "
            "enlarges what A made; auto is what ships for task and scale."
        },
    )
    task: Task = field(
        default="enhance",
        metadata={"help": "enhance; or sr: enlarge (by 2) and leave tone and colour alone."},
    )
    scale: int = field(
        default=0,
        metadata={
            "help": "Pixels out per pixel in along a side; 0 is the model's, or the task's.",
            "least": 0,
            "most": 4,
        },
    )
    look: str = field(
        default="",
        metadata={"help": "Look file made by `burnish learn`, instead of a model that retouches."},
    )
    strength: float = field(
        default=1.0,
        metadata={
            "help": "How much of the change to apply, 0 to 1; 0 returns the photo's pixels, or "
            "those of an enlargement. Of two models in turn, it is for the first.",
            "least": 0,
            "most": 1,
        },
    )
    ensemble: Ensemble = field(
        default="none",
        metadata={
            "help": "Mean over flips (4) and transposes too (8): better, 4 or 8 times slower."
        },
    )
    precision: Precision = field(
        default="auto",
        metadata={
            "help": "Arithmetic: auto (bf16 where the device has it, on a CPU not for models that "
            "enlarge), f32, bf16, or int8 if the model was exported with it."
        },
    )
    backend: BackendName = field(
        default="auto",
        metadata={
            "help": "What runs the network: openvino, onnx or torch; auto takes torch for cuda, "
            "else openvino."
        },
    )
    device: Device = field(
        default="cpu",
        metadata={
            "help": "Where the network runs: cpu, cuda, or Intel's gpu or npu; `burnish doctor` "
            "lists what is here."
        },
    )
    mode: Mode = field(
        default="full",
        metadata={
            "help": "full: the network at full size. fast: on a small copy, its effect carried "
            "over. auto: full where that fits the budget."
        },
    )
    budget: float = field(
        default=10.0,
        metadata={
            "help": "Seconds a photo may take in full mode before auto takes fast.",
            "least": 0,
        },
    )
    threads: int = field(
        default=0,
        metadata={"help": "CPU threads; 0 takes what the machine offers.", "least": 0},
    )
    tile: int = field(
        default=512,
        metadata={
            "help": "Side of a tile in pixels, halo included, and never less than four times the "
            "model's halo; smaller takes less memory.",
            "least": 64,
        },
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "ensemble", str(self.ensemble))  # 4 is as good as "4"
        for name in ("model", "look"):
            value = getattr(self, name)
            if not isinstance(value, str | Path):
                raise OptionError(f"{name} must be a name or a path, not {value!r}.")
            object.__setattr__(self, name, str(value))
        for name, kind, what in (
            ("strength", Real, "a number"),
            ("budget", Real, "a number of seconds"),
            ("threads", Integral, "a whole number"),
            ("tile", Integral, "a whole number of pixels"),
        ):
            if not isinstance(getattr(self, name), kind):
                raise OptionError(f"{name} must be {what}, not {getattr(self, name)!r}.")
        for name, choices in (
            ("precision", get_args(Precision)),
            ("backend", get_args(BackendName)),
            ("device", get_args(Device)),
            ("task", get_args(Task)),
            ("ensemble", get_args(Ensemble)),
            ("mode", get_args(Mode)),
        ):
            if getattr(self, name) not in choices:
                raise OptionError(
                    f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)}."
                )
        if self.scale not in (0, 1, 2, 3, 4):
            raise OptionError(
                f"scale must be 1, 2, 3 or 4, or 0 for the model's, not {self.scale}."
            )
        for option in fields(self):
            least, most = option.metadata.get("least"), option.metadata.get("most")
            value = getattr(self, option.name)
            if most is not None and not least <= value <= most:
                raise OptionError(
                    f"{option.name} must lie between {least} and {most}, not {value}."
                )
            if least is not None and not value >= least:  # NaN is none of either
                raise OptionError(f"{option.name} must be {least} or more, not {value}.")
        object.__setattr__(self, "backend", settle(self.backend, self.device))
        object.__setattr__(
            self, "model", resolve(self.model, self.task, self.scale, bool(self.look))
        )
