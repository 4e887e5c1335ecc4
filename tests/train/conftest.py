"""One thread for torch: these pictures and networks are tiny. VGG's weights are made."""

from pathlib import Path

import pytest
import torch

from burnish.nets.vgg import VGG
from burnish.nets.vgg_files import save_vgg

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights of the right shapes."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("vgg") / "vgg.safetensors"
    save_vgg(VGG("vgg16").half(), path, "made")
    return path
