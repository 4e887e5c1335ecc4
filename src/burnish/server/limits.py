"""What one client may cost: every bound of the service in one place, with its flag's help."""

from dataclasses import dataclass, field

from burnish.errors import OptionError


@dataclass(frozen=True)
class Limits:
    """Bounds of the service; sizes in megabytes (10^6 bytes) and megapixels, times in seconds."""

    max_megabytes: int = field(default=200, metadata={"help": "Largest photo file, in megabytes."})
    max_megapixels: int = field(default=200, metadata={"help": "Largest photo, in megapixels."})
    disk_megabytes: int = field(
        default=8000,
        metadata={"help": "Disk space for photos and results together, in megabytes."},
    )
    queue: int = field(default=1000, metadata={"help": "Photos that may wait in all jobs."})
    requests: int = field(
        default=64, metadata={"help": "Requests for one photo, or previews, that may wait."}
    )
    connections: int = field(default=512, metadata={"help": "Connections open at one time."})
    workers: int = field(
        default=1, metadata={"help": "Photos enhanced at one time, each with its own model."}
    )
    photo_seconds: int = field(
        default=900, metadata={"help": "Longest time that one photo may take."}
    )
    learn_pairs: int = field(default=200, metadata={"help": "Most pairs to learn one look from."})
    learn_queue: int = field(default=8, metadata={"help": "Looks that may wait to be learned."})
    learn_seconds: int = field(
        default=3600, metadata={"help": "Longest time that learning one look may take."}
    )
    upload_seconds: int = field(
        default=300, metadata={"help": "Longest time that one upload may take."}
    )
    stall_seconds: int = field(
        default=20,
        metadata={"help": "Longest silence inside a request or an answer before it is dropped."},
    )
    keep_seconds: int = field(
        default=3600,
        metadata={"help": "Photos, results and learned looks are deleted when unused for so long."},
    )

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise OptionError(f"{name.replace('_', '-')} must be at least 1.")

    @property
    def max_bytes(self) -> int:
        return self.max_megabytes * 1_000_000

    @property
    def max_pixels(self) -> int:
        return self.max_megapixels * 1_000_000

    @property
    def disk_bytes(self) -> int:
        return self.disk_megabytes * 1_000_000


JSON_BYTES = 1_000_000
"""Largest body of a request that carries no photo."""
PREVIEW_SIDE = 1024
"""Longest side of a picture for the screen."""
