"""How a look is learned; declared once, flags and defaults derive from it."""

from dataclasses import dataclass, field

from burnish.errors import OptionError


@dataclass(frozen=True)
class LearnOptions:
    """The choices of `burnish learn`."""

    name: str = field(default="", metadata={"help": "Name of the look; the file's, if not given."})
    licence: str = field(
        default="", metadata={"help": "Whose the look is and what others may do with it."}
    )
    base: str = field(
        default="auto",
        metadata={
            "help": "Network whose result the look may start from: auto uses the shipped one where "
            "that clearly helps (enhancing then takes longer), none, a model's name, or an "
            "exported folder (enhancing then takes --model FOLDER too)."
        },
    )
    seed: int = field(default=0, metadata={"help": "Seed of the split for cross-validation."})
    threads: int = field(default=0, metadata={"help": "CPU threads; 0 takes what there is."})

    def __post_init__(self) -> None:
        if self.threads < 0:
            raise OptionError("threads must be 0 or more.")
        if self.seed < 0:
            raise OptionError("seed must be 0 or more.")
