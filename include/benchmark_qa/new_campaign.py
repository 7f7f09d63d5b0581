"""Begin a campaign: ``python -m include.benchmark_qa.new_campaign NAME``, or ``make campaign NAME=...``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from string import Template

from include.benchmark_qa.campaign import NAME_PATTERN, PROJECT_ROOT, CampaignError, campaigns_folder

TEMPLATE = PROJECT_ROOT / "include" / "campaigns" / "campaign.yaml.template"
DAG_FILE = '''"""The two Dags of the campaign ``include/campaigns/{name}.yaml``."""

from __future__ import annotations

from benchmark_qa_wiring.campaign_dag import campaign_dag
from benchmark_qa_wiring.loop_dag import loop_dag
from include.benchmark_qa.campaign import load_campaign

# Airflow looks for the words "airflow" and "dag" in a file before it reads it.
campaign = load_campaign("{name}")

campaign_dag(campaign)
loop_dag(campaign)
'''


def begin_campaign(name: str, campaigns: Path, dags: Path) -> tuple[Path, Path]:
    """
    Write the campaign's file, from the template, and its Dag file; return both paths.

    :raises CampaignError: the name cannot be a campaign's, or one of the files is there already
    """
    if not re.fullmatch(NAME_PATTERN, name) or len(name) > 60:
        raise CampaignError(
            f"{name!r} cannot be a campaign's name: a small letter, then small letters, digits and _, up to 60 in all; "
            "make campaign NAME=road_signs"
        )
    settings, dag_file = campaigns / f"{name}.yaml", dags / f"benchmark_qa__{name}.py"
    if taken := [path for path in (settings, dag_file) if path.exists()]:
        raise CampaignError(f"{taken[0]} is there already: choose another name, or remove it")
    title = name.replace("_", " ").capitalize()
    filled = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(name=name, title=title)
    # The campaign first: a Dag file without one is an import error, a campaign without a Dag file is not.
    for path, text in ((settings, filled), (dag_file, DAG_FILE.format(name=name))):
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return settings, dag_file


def main(name: str) -> int:
    """Begin the campaign and say what is next; return the exit status."""
    try:
        settings, dag_file = begin_campaign(name, campaigns_folder(), PROJECT_ROOT / "dags")
    except CampaignError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Wrote {settings}\n  and {dag_file}")
    print("Next: fill in what stands in <angle brackets> in the first; docs/campaign.md says what each field means.")
    print(f"Then Airflow shows benchmark_qa__{name} and benchmark_qa_loop__{name}, paused: turn them on.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
