"""One thread for torch: these networks are tiny."""

import torch

torch.set_num_threads(1)
