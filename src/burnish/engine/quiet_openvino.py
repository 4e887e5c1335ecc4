"""OpenVINO's runtime without its conversion tools, which report their import over the network.

`import openvino` pulls in ``openvino.tools.ovc`` where it can, and that sends usage events without
having asked. Inference needs none of it; OpenVINO itself goes on without when it is not there. This
also makes the import twice as fast.
"""

import sys

_TOOLS = "openvino.tools.ovc"

if "openvino" in sys.modules:  # somebody else's import, somebody else's choice
    import openvino as ov
else:
    sys.modules[_TOOLS] = None  # type: ignore[assignment]
    try:
        import openvino as ov
    finally:
        del sys.modules[_TOOLS]

__all__ = ["ov"]
