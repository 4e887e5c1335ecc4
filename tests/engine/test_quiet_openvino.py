"""Running a network never loads what reports to OpenVINO's makers."""

import subprocess
import sys


def test_no_telemetry_is_loaded() -> None:
    code = (
        "import sys; from burnish.engine.openvino_backend import OpenVinoBackend; "
        "bad = [m for m in sys.modules if 'telemetry' in m or m.startswith('openvino.tools')]; "
        "assert not bad, bad; import openvino; assert openvino.Core()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
