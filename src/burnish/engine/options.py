"""The options of an enhancement, declared once: flags, API fields and docs derive from them."""

from dataclasses import dataclass, field, fields
from typing import get_args

from burnish.engine.backend import BackendName, Precision
from burnish.engine.models import DEFAULT
from burnish.errors import OptionError


@dataclass(frozen=True)
class EnhanceOptions:
    """How a photo is enhanced; the same everywhere burnish runs."""

    model: str = field(
        default=DEFAULT,
        metadata={"help": "Shipped model by name (see `burnish models`) or an exported folder."},
    )
    strength: float = field(
        default=1.0,
        metadata={
            "help": "How much of the change to apply, 0 to 1; 0 returns the photo's pixels.",
            "least": 0,
            "most": 1,
        },
    )
    precision: Precision = field(
        default="auto",
        metadata={"help": "Arithmetic: auto (bf16 where the CPU has it), f32 or bf16."},
    )
    backend: BackendName = field(
        default="openvino",
        metadata={"help": "What runs the network: openvino, onnx or torch."},
    )
    threads: int = field(
        default=0,
        metadata={"help": "CPU threads; 0 takes what the machine offers."},
    )
    tile: int = field(
        default=512,
        metadata={"help": "Side of a tile in pixels, halo included; smaller takes less memory."},
    )

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise OptionError(f"strength must lie between 0 and 1, not {self.strength}.")
        for name, choices in (
            ("precision", get_args(Precision)),
            ("backend", get_args(BackendName)),
        ):
            if getattr(self, name) not in choices:
                raise OptionError(
                    f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)}."
                )
        if self.threads < 0:
            raise OptionError("threads must be 0 or more.")
        if self.tile < 64:
            raise OptionError("tile must be at least 64 pixels.")


HELP = {f.name: str(f.metadata["help"]) for f in fields(EnhanceOptions)}
