"""OpenVINO's runtime without its conversion tools, which report their import over the network.

`import openvino` pulls in ``openvino.tools.ovc`` where it can, and that sends usage events without
having asked. Inference needs none of it; OpenVINO itself goes on without when it is not there. This
also makes the import twice as fast.
"""

import sys
from functools import cache

_TOOLS = "openvino.tools.ovc"

if "openvino" in sys.modules:  # somebody else's import, somebody else's choice
    import openvino as ov
else:
    sys.modules[_TOOLS] = None  # type: ignore[assignment]
    try:
        import openvino as ov
    finally:
        del sys.modules[_TOOLS]

__all__ = ["core", "ov"]


@cache
def core() -> "ov.Core":
    """The process's one Core, never given back.

    With each Core OpenVINO's CPU plugin gives the thread a stack for signals, and takes the one
    before it back with it: of two Cores that go in the order in which they came, the second
    restores the first one's, which is freed, and the next signal (Ctrl-C) is a segmentation fault.
    """
    return ov.Core()
