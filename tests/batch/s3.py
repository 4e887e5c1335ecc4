"""A real S3-compatible server (moto's) on loopback, with one bucket."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

BUCKET = "s3://photos"


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """The environment that leads there; it is set in this process too, while it runs."""
    server = pytest.importorskip("moto.server", reason="needs moto, of the extra dev")
    pytest.importorskip("s3fs", reason="needs the extra s3")
    import fsspec

    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        fsspec.get_filesystem_class("s3").clear_instance_cache()  # they know an earlier server
        fs = fsspec.filesystem("s3")
        fs.mkdir(BUCKET)
        try:
            yield os.environ | environment
        finally:
            fs.rm(BUCKET, recursive=True)  # its memory outlives it in this process
            running.stop()
