"""Set a team of simulated annotators to work: `python -m include.simulated_annotators --url URL --team FILE`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from include.simulated_annotators.settings import load_team
from include.simulated_annotators.team import Team
from include.simulated_annotators.web_app import WebApp, WebAppUnreachableError

log = logging.getLogger("annotators")

POLL = 0.3


def main(arguments: list[str] | None = None) -> int:
    """Work until the stop file appears, or until SIGTERM or Ctrl-C; return the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # An exception ends the wait for an answer at once. Nothing half-done stays: the web app takes all or nothing.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        team = Team(load_team(options.team))
    except ValueError as error:
        log.error("%s", error)  # noqa: TRY400 - the message is complete, a traceback would bury it
        return 2
    stop_file: Path | None = options.stop_file
    try:
        with WebApp(options.url) as web_app:
            work_until(lambda: stop_file is not None and stop_file.exists(), team, web_app)
    except KeyboardInterrupt:
        log.info("annotators stopped")
    return 0


def work_until(is_over: Callable[[], bool], team: Team, web_app: WebApp) -> None:
    """Let the team work round after round, resting for `POLL` seconds whenever there was nothing to do."""
    reachable = True
    while not is_over():
        try:
            done = team.work_once(web_app)
        except WebAppUnreachableError as error:
            if reachable:
                log.info("annotators wait for the local Encord (%s)", error)
            reachable = False
            time.sleep(POLL)
            continue
        reachable = True
        for step in done.progress:
            log.info("%s", step)
        if done.nothing_left:
            time.sleep(POLL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.simulated_annotators", description=__doc__)
    parser.add_argument("--url", required=True, help="address of the local Encord, such as http://127.0.0.1:8090")
    parser.add_argument("--team", required=True, type=Path, help="YAML file with members, seed and max_ordinary_tasks")
    parser.add_argument("--stop-file", type=Path, help="end when this file appears")
    return parser


if __name__ == "__main__":
    sys.exit(main())
