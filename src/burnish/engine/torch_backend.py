"""PyTorch from the weight file: the reference that the graphs are held to, and the way to CUDA."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from burnish.engine.backend import Device, Graph, Precision, absent
from burnish.errors import MissingExtraError, OptionError

try:
    import torch
except ImportError as error:
    raise MissingExtraError("The torch backend", "train") from error

from burnish import checkpoint

_cudnn_flags = threading.Lock()


def no_cuda() -> str:
    """Why there is no CUDA here; empty where torch finds a card."""
    if torch.cuda.is_available():
        return ""
    built = "finds no card" if torch.version.cuda else "is built without CUDA"
    return f"torch {torch.__version__} {built}"


def card() -> str:
    """The name of the card that ``cuda`` means."""
    return torch.cuda.get_device_name()


def require(device: Device) -> None:
    """Refuse a device that is not there."""
    if device != "cpu" and (why := no_cuda()):
        raise absent("torch", device, "cpu", why)


class TorchBackend:
    """A model folder's ``weights.safetensors``, eager.

    On a card: channels last, which its matrix units want, the main graph in bf16 where it has that
    (by autocast, but the adjusting map in f32, and of a network that enlarges all but `rounded`),
    and never TF32 under the name of f32.
    """

    def __init__(
        self,
        folder: Path,
        precision: Precision = "auto",
        threads: int = 0,
        device: Device = "cpu",
    ) -> None:
        if precision == "int8":
            raise OptionError("The torch backend has no int8; use --backend openvino on the CPU.")
        require(device)
        self.device = torch.device(device)
        self.on_card = device != "cpu"
        if precision == "auto":
            has_bf16 = self.on_card and torch.cuda.is_bf16_supported(including_emulation=False)
            precision = "bf16" if has_bf16 else "f32"
        self.precision: str = precision
        if threads:
            torch.set_num_threads(threads)
        self.net, _ = checkpoint.load(folder / "weights.safetensors")
        self._layout = torch.contiguous_format
        if self.on_card:
            self.move()

    def move(self) -> None:
        """To the card, and into the layout for it; also right, if slower, on the CPU."""
        self._layout = torch.channels_last
        self.net = self.net.to(self.device).to(memory_format=self._layout)  # type: ignore[call-overload]
        if isinstance(divisor := getattr(self.net, "map", None), torch.nn.Module):
            _computed_in(divisor, self.device.type, bf16=False)
        if self.precision == "bf16":
            for name in self.net.rounded:
                _computed_in(self.net.get_submodule(name), self.device.type, bf16=True)

    def _given(self, value: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(value).to(self.device)
        return tensor.contiguous(memory_format=self._layout) if value.ndim == 4 else tensor

    @torch.inference_mode()
    def run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Run the network (``main``), or what it wants to know of the whole picture."""
        given = {k: self._given(v) for k, v in inputs.items()}
        functions: dict[str, Callable[..., torch.Tensor]] = {
            "main": self.net.enhance,
            "statistics": self.net.moments,
            "condition": self.net.condition,
        }
        function = functions[graph]
        bf16 = self.precision == "bf16" and graph != "condition"
        if self.on_card:
            bf16 = bf16 and graph == "main" and not self.net.rounded
        with (
            _exact_cudnn() if self.on_card else contextlib.nullcontext(),
            torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=bf16),
        ):
            out = function(**given)
        result: np.ndarray = out.float().contiguous().cpu().numpy()
        return result


@contextlib.contextmanager
def _exact_cudnn() -> Iterator[None]:
    """No TF32 under the name of float32; the flags are the process's, so one thread at a time."""
    with (
        _cudnn_flags,
        torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False),
    ):
        yield


def _computed_in(module: torch.nn.Module, device: str, bf16: bool) -> None:
    """A module in another arithmetic than what is around it; it takes and gives f32.

    Near 1 bf16 has steps of 1/128, and a divisor's are seen in a smooth sky.
    """
    forward = module.forward

    def apart(*values: torch.Tensor | None) -> torch.Tensor:
        with torch.autocast(device, dtype=torch.bfloat16, enabled=bf16):
            out: torch.Tensor = forward(*(v if v is None else v.float() for v in values))
            return out.float()

    module.forward = apart  # type: ignore[method-assign]


def matmul_ceiling(precision: str, device: Device, size: int = 8192, repeats: int = 7) -> float:
    """Best of ``repeats`` products of two square matrices on a device, in operations/s."""
    require(device)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(size, size, generator=generator).to(device, dtype)

    def wait() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    best = float("inf")
    for turn in range(repeats + 2):
        wait()
        start = time.perf_counter()
        a @ a
        wait()
        if turn >= 2:  # the first two warm up
            best = min(best, time.perf_counter() - start)
    return 2.0 * size**3 / best
