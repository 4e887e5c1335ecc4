"""What a device's matrix product reaches in some arithmetic: the roof over every network."""

import time

import numpy as np

from burnish.engine.backend import Device
from burnish.engine.quiet_openvino import core, ov


def matmul_ceiling(
    precision: str, threads: int = 0, size: int = 2048, repeats: int = 7, device: Device = "cpu"
) -> float:
    """Best of ``repeats`` products of two square matrices, in floating-point operations/s.

    By OpenVINO, and by PyTorch on ``cuda``. Copies from and to the device are within it as far as
    OpenVINO makes them.
    """
    if device == "cuda":
        from burnish.engine import torch_backend

        return torch_backend.matmul_ceiling(precision, device)
    a = ov.opset13.parameter([size, size], np.float32, name="a")
    rng = np.random.default_rng(0)
    b = ov.opset13.constant(rng.standard_normal((size, size), np.float32))
    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    if threads and device == "cpu":
        config["INFERENCE_NUM_THREADS"] = str(threads)
    model = ov.Model([ov.opset13.matmul(a, b, False, False)], [a])
    request = core().compile_model(model, device.upper(), config).create_infer_request()
    x = rng.standard_normal((size, size), np.float32)
    request.infer([x])
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        request.infer([x], share_inputs=True)
        best = min(best, time.perf_counter() - start)
    return 2.0 * size**3 / best
