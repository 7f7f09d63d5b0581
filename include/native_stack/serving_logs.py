"""
``python -m include.native_stack.serving_logs COMMAND ...``: a part of Airflow whose task logs the UI can read.

Airflow's own server of logs listens on all of a machine's addresses, so two workers on one machine would want the same
port of each. Here it runs beside the part, on the address by which the part is known: each worker has its own of the
loopback interface, as each container has. Both end together, since they are one session.
"""

from __future__ import annotations

import os
import subprocess
import sys

ADDRESS = "STACK_ADDRESS"
LOG_PORT = "STACK_LOG_PORT"


def address() -> str:
    """Return the address of this part; Airflow's setting ``hostname_callable`` names this function."""
    return os.environ[ADDRESS]


def main() -> None:
    """Start the server of logs, and become the part."""
    server = ["uvicorn", "--factory", "airflow.utils.serve_logs.log_server:get_app", "--no-access-log"]
    subprocess.Popen([sys.executable, "-m", *server, "--host", address(), "--port", os.environ[LOG_PORT]])
    os.execv(sys.executable, [sys.executable, "-m", "airflow", *sys.argv[1:]])  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
