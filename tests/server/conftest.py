"""A tiny untrained model, a real server on loopback, and photos to send."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

import requests

from burnish.engine.options import EnhanceOptions
from burnish.image.encode import encode
from burnish.image.photo import Photo
from burnish.server.limits import Limits
from burnish.server.run import Listening


def write_model(folder: Path, scale: int = 1) -> str:
    """A model made by hand: a 5x5 blur, a colour cast, and a push away from the photo's mean.

    It changes a photo clearly, sees two pixels around each, and needs the whole photo's mean; so
    whatever a preview gets wrong shows.
    """
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    from burnish.card import ModelCard

    def save(name: str, nodes: list[Any], inputs: dict[str, list[Any]], **constants: Any) -> None:
        values = [
            numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()
        ]
        ports = [
            helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
            for key, shape in inputs.items()
        ]
        out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
        graph = helper.make_graph(nodes, name, ports, [out], values)
        opset = [helper.make_opsetid("", 17)]
        made = helper.make_model(graph, opset_imports=opset, ir_version=9)
        onnx.save(made, folder / f"{name}.onnx")

    node = helper.make_node
    folder.mkdir(parents=True, exist_ok=True)
    picture = [1, 3, "h", "w"]
    add_up = [
        node("Mul", ["x", "weight"], ["weighted"]),
        node("ReduceSum", ["weighted", "axes"], ["out"], keepdims=0),
    ]
    axes = np.array([2, 3], np.int64)
    save("statistics", add_up, {"x": picture, "weight": [1, 1, "h", "w"]}, axes=axes)
    double = [node("Mul", ["known", "two"], ["out"])]
    save("condition", double, {"known": [1, 3]}, two=np.float32(2))
    random = np.random.default_rng(1)
    kernel = np.zeros((3 * scale**2, 3, 5, 5), np.float32)
    for channel in range(kernel.shape[0]):
        kernel[channel, channel // scale**2] = random.dirichlet(np.ones(25)).reshape(5, 5)
    save(
        "main",
        [
            node("Conv", ["x", "kernel"], ["blur"], pads=[2, 2, 2, 2]),
            node("DepthToSpace", ["blur"], ["big"], blocksize=scale, mode="CRD"),
            node("Reshape", ["condition", "shape"], ["mean"]),
            node("Mul", ["mean", "push"], ["pushed"]),
            node("Mul", ["big", "gain"], ["stretched"]),
            node("Sub", ["stretched", "pushed"], ["out"]),
        ],
        {"x": picture, "condition": [1, 3]},
        kernel=kernel,
        shape=np.array([1, 3, 1, 1], np.int64),
        push=np.float32(0.2),
        gain=np.array([1.5, 1.4, 1.2], np.float32).reshape(1, 3, 1, 1),
    )
    name = "tiny" if scale == 1 else f"tiny-x{scale}"
    card = ModelCard(name=name, net="by hand", halo=2, scale=scale, moments=3, moments_halo=0)
    (folder / "card.json").write_text(card.to_json())
    return str(folder)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("models")
    os.environ.setdefault("BURNISH_CACHE", str(folder / "cache"))
    return write_model(folder / "tiny")


@pytest.fixture(scope="session")
def double_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same, but its results have twice the width and height."""
    return write_model(tmp_path_factory.mktemp("models") / "double", scale=2)


class Client:
    """Requests to one running service."""

    def __init__(self, service: Listening) -> None:
        self.running = service
        self.url = service.url.rstrip("/")
        self.port = service.listener.getsockname()[1]
        self.service = service.app.state.service
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=60, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        return self.ask("POST", path, **more)

    def add(self, data: bytes, name: str = "a.png") -> str:
        answer = self.post("/v1/photos", params={"name": name}, data=data)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def finish(self, job: str) -> dict[str, Any]:
        """Wait for the end of a job."""
        for _ in range(600):
            info: dict[str, Any] = self.get(f"/v1/jobs/{job}").json()
            if info["state"] not in ("queued", "running"):
                return info
            time.sleep(0.05)
        raise AssertionError(f"the job did not end: {info}")


Serve = Callable[..., Client]


@pytest.fixture(scope="session")
def start(model: str) -> Iterator[Serve]:
    """Start services; all are stopped at the end, and leave no files."""
    running: list[tuple[Listening, threading.Thread]] = []

    def begin(limits: Limits | None = None, host: str = "127.0.0.1", **more: Any) -> Client:
        options = more.pop("options", EnhanceOptions(model=model, threads=1, precision="f32"))
        service = Listening(host, 0, options, limits or Limits(), **more)
        thread = threading.Thread(target=service.run, daemon=True)
        thread.start()
        running.append((service, thread))
        return Client(service)

    yield begin
    for service, _ in running:
        service.server.should_exit = True
    for service, thread in running:
        thread.join(timeout=20)
        assert not thread.is_alive()
        assert not service.app.state.service.root.exists()


@pytest.fixture(scope="session")
def client(start: Serve) -> Client:
    """A service with ordinary limits that tests share."""
    return start()


def noise(height: int = 90, width: int = 120, seed: int = 0) -> np.ndarray:
    """A smooth coloured picture with some grain, uint8."""
    random = np.random.default_rng(seed)
    coarse = random.random((5, 6, 3)).repeat(-(-height // 5), 0).repeat(-(-width // 6), 1)
    grain = random.normal(0, 0.03, (height, width, 3))
    return ((coarse[:height, :width] * 0.7 + 0.1 + grain).clip(0, 1) * 255).astype(np.uint8)


def photo_bytes(height: int = 90, width: int = 120, seed: int = 0, format: str = "png") -> bytes:
    return encode(Photo.from_array(noise(height, width, seed)), format)


def pixels_of(data: bytes) -> np.ndarray:
    """Decoded by Pillow, which burnish does not use for this."""
    from PIL import Image

    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


@pytest.fixture(scope="session")
def examples() -> Path:
    return Path(__file__).resolve().parents[2] / "examples"


# --- a real browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = os.environ.get("BURNISH_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no chromium is installed (apt-get install chromium, BURNISH_CHROMIUM)")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, client: Client) -> Iterator[Open]:
    """Pages that must load everything from the service and log no error but those they expect."""
    contexts, said = [], []

    def begin(
        url: str = client.url,
        width: int = 1100,
        height: int = 700,
        expects: tuple[str, ...] = (),
        **more: Any,
    ) -> Any:
        home = url.partition("#")[0]
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)

        def told(message: Any) -> None:
            if is_error(message) and not any(text in message.text for text in expects):
                said.append(message.text)

        page.on("console", told)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((home, "blob:")) else said.append(r.url),
        )
        page.goto(url)
        return page

    yield begin
    for context in contexts:
        context.close()
    assert said == []


def is_error(message: Any) -> bool:
    """An error on the page; that a request was refused is none, nor that a job is gone."""
    lost = "status of 404" in message.text and "/v1/jobs/" in message.location["url"]
    return message.type == "error" and "status of 422" not in message.text and not lost
