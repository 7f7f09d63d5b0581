"""The commands: ``python -m include.encord_emulator serve | key | state | switches``."""

from __future__ import annotations

import argparse
import ipaddress
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from include.encord_emulator import client
from include.encord_emulator.control import DISCLAIMER
from include.encord_emulator.errors import ApiError, invalid
from include.encord_emulator.server import EmulatorServer
from include.encord_emulator.switches import describe, from_text

LAST_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, or 2 with one line on stderr about what was wrong."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "serve":
            _serve(options)
        elif options.command == "key":
            sys.stdout.write(client.make_key(options.url, options.email, options.role, options.out) + "\n")
        elif options.command == "state":
            sys.stdout.write(client.summary(options.url) + "\n")
        else:
            sys.stdout.write(describe() + "\n")
    except (ApiError, OSError, ValueError) as error:
        sys.stderr.write(f"encord_emulator: {error}\n")
        return 2
    return 0


def _serve(options: argparse.Namespace) -> None:
    if not _is_loopback(options.host) and not options.i_know_this_has_no_real_security:
        raise invalid(
            f"--host {options.host}: whoever reaches this port may do anything. "
            "Add --i-know-this-has-no-real-security if that is meant."
        )
    server = EmulatorServer(
        options.host, options.port, db=options.db, seeds=options.seed, switches=from_text(dict(options.switch)),
        hosts=options.control_host, tls_folder=_tls_folder(options), url_file=options.url_file,
    )  # fmt: skip
    sys.stdout.write(f"{DISCLAIMER}\nListening on {server.url}\n")
    if server.certificates is not None:
        proxy = server.url.replace("https://", "http://")
        sys.stdout.write(
            f"To send a script that names no domain here:\n  export HTTPS_PROXY={proxy} "
            f"REQUESTS_CA_BUNDLE={server.certificates.authority}\n"
        )
    sys.stdout.flush()
    # uvicorn ends in good order and then raises the signal again; being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    server.run()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls_folder(options: argparse.Namespace) -> Path | None:
    """Return where the certificates are: beside the database, so that who trusts them once may go on."""
    if not options.tls:
        return None
    return Path(tempfile.mkdtemp(prefix="encord-emulator-")) if options.db == ":memory:" else Path(f"{options.db}.tls")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"a number from 0 to {LAST_PORT} is expected, not {text!r}")
    return int(text)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"NAME=VALUE is expected, not {text!r}")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.encord_emulator", description=DISCLAIMER)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the emulator until SIGTERM or SIGINT")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=0, help="0 takes any free port")
    serve.add_argument("--db", default=":memory:", metavar="FILE", help="SQLite file that survives a restart")
    serve.add_argument("--seed", type=Path, action="append", default=[], metavar="FILE", help="YAML; may be repeated")
    serve.add_argument("--switch", type=_setting, action="append", default=[], metavar="NAME=VALUE")
    serve.add_argument("--tls", action="store_true", help="HTTPS, and a proxy that leads Encord's names here")
    serve.add_argument("--url-file", type=Path, metavar="FILE", help="gets the URL once the emulator answers")
    serve.add_argument(
        "--control-host", action="append", default=[], metavar="NAME", help="answer the control plane under NAME too"
    )
    serve.add_argument("--i-know-this-has-no-real-security", action="store_true", help="allow a --host beyond loopback")
    key = commands.add_parser("key", help="make a user with a key, for the SDK")
    key.add_argument("--url", required=True)
    key.add_argument("--email", required=True)
    key.add_argument("--role", required=True, choices=["admin", "team_manager", "annotator", "reviewer"])
    key.add_argument("--out", required=True, type=Path, metavar="FILE", help="gets the private key")
    state = commands.add_parser("state", help="print what there is")
    state.add_argument("--url", required=True)
    commands.add_parser("switches", help="print the behaviours that can be switched")
    return parser


if __name__ == "__main__":
    sys.exit(main())
