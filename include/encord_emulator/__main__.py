"""``python -m include.encord_emulator serve`` and ``... switches``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from include.encord_emulator.control import DISCLAIMER
from include.encord_emulator.errors import ApiError
from include.encord_emulator.server import EmulatorServer
from include.encord_emulator.switches import describe


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "switches":
        sys.stdout.write(describe() + "\n")
        return 0
    try:
        server = EmulatorServer(
            options.host, options.port, state=options.state, seed=options.seed, url_file=options.url_file
        )
    except (ApiError, OSError) as error:
        sys.stderr.write(f"encord_emulator: {error}\n")
        return 2
    sys.stdout.write(f"{DISCLAIMER}\nListening on {server.url}\n")
    sys.stdout.flush()
    # uvicorn ends in good order and then raises the signal again; being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    server.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.encord_emulator", description=DISCLAIMER)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the emulator until SIGTERM or SIGINT")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0, help="0 takes any free port")
    serve.add_argument("--state", default=":memory:", metavar="FILE", help="SQLite file that survives a restart")
    serve.add_argument("--seed", type=Path, metavar="FILE", help="YAML of users, integrations, templates, ...")
    serve.add_argument("--url-file", type=Path, metavar="FILE", help="gets the URL once the emulator answers")
    commands.add_parser("switches", help="print the behaviours that can be switched")
    return parser


if __name__ == "__main__":
    sys.exit(main())
