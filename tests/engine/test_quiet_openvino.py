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


def test_a_signal_after_backends_have_gone_is_a_signal() -> None:
    """In the order in which they came: see `quiet_openvino.core`."""
    code = (
        "import signal, threading\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in the background
        "from pathlib import Path\n"
        "from burnish.engine.openvino_backend import OpenVinoBackend\n"
        "made = [OpenVinoBackend(Path(), cache=None) for _ in range(3)]\n"
        "while made:\n"
        "    made.pop(0)\n"
        "try:\n"
        "    signal.pthread_kill(threading.get_ident(), signal.SIGINT)\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr
