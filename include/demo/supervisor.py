"""The process behind ``make start``: it holds the demo's world and Airflow until it is told to end."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from typing import Final

from include.benchmark_qa.campaign import CampaignError, load_campaign
from include.demo import places
from include.demo.airflow import ensure_database
from include.demo.components import start_airflow
from include.demo.lock import WorldBusyError
from include.demo.processes import ProcessError
from include.demo.world import running_world

COMMAND: Final = "make start"


def supervise(port: int) -> None:
    """
    Run everything until a signal comes; once all is ready, ``places.UI`` holds the UI's address.

    :raises ProcessError: a part did not start, or ended by itself
    :raises WorldBusyError: another demo has the world
    """
    campaign = load_campaign(places.CAMPAIGN)
    say("Starting a local bucket and the local Encord ...")
    with running_world(COMMAND) as world:
        ensure_database(world)
        # A scheduler would wait for the runs of a demo that was killed.
        subprocess.run([sys.executable, "-m", "include.demo.broken_runs"], env=world.environment, check=False)
        world.start_annotators()
        say("Starting Airflow ...")
        dag_ids = [f"benchmark_qa__{campaign.name}", f"benchmark_qa_loop__{campaign.name}"]
        url = start_airflow(world, port, dag_ids, say)
        places.UI.write_text(url, encoding="utf-8")
        try:
            while True:
                world.processes.check()
                time.sleep(1)
        finally:
            places.UI.unlink(missing_ok=True)


def main() -> int:
    """Supervise; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.demo.supervisor", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    signal.signal(signal.SIGTERM, _end_once)
    try:
        supervise(port)
    except KeyboardInterrupt:
        say("Stopped.")
        return 0
    except (CampaignError, ProcessError, WorldBusyError) as error:
        say(f"Airflow's UI could not be kept running: {error}")
        return 1
    return 0


def say(line: str) -> None:
    """Print one line at once, into the log that ``make start`` shows."""
    print(line, flush=True)


def _end_once(*_: object) -> None:
    """Leave the `with` blocks in order; a second signal must not disturb the first one's work."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
