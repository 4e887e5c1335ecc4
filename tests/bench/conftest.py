"""One thread for torch: these pictures and networks are tiny."""

import torch

torch.set_num_threads(1)
