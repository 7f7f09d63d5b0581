"""What the UI says of each task, under *Documentation*: what it does, and what to do when it fails."""

from __future__ import annotations

from airflow.sdk import DAG, BaseOperator

AGAIN = "Then clear the task: what is done already is not done twice."

TASK_DOCS = {
    "list_bucket": f"""
Lists the files of the campaign: all, or in a scheduled or backfilled run those of its data interval.

**If it fails**, its last line names the wrong field of the form or the campaign, the prefix without files, or the
bucket that refused. Correct it there, or give the credentials access. {AGAIN}
""",
    "generate_manifest": f"""
Writes Encord's manifests by the campaign's rules. Files that cannot be registered are left out; its log says how many
and why.

**If it fails**, a rule does not fit the files, or `manifest.strict` is on. Correct `manifest` in the campaign. {AGAIN}
""",
    "import_files": f"""
Makes folders and datasets, and registers the units that are not there yet. It waits for Encord without a worker.

**If it fails**, its log and `import_report.json` name the units that Encord refused. Mend the files, the integration or
`import.max_failed`. {AGAIN}
""",
    "create_benchmark_project": f"""
Makes the project in which people whose labels you trust make the ground truth, or completes the one that exists.

**If it fails**, its last line names what Encord does not have: the workflow template, the ontology, a person. {AGAIN}
""",
    "wait_for_ground_truth": """
Waits, without a worker, until the ground truth is made; its log says how far people are.

**If it fails**, the time-out is over or Encord could not be asked. Clear the task to wait on; what people did counts.
Marking the task as success goes on with the ground truth as it is.
""",
    "approve_ground_truth": """
Asks a person, under *Required Actions*, whether annotators may be scored against this ground truth, where the form says
so, and until there is a production project. Without `approval` it skips itself, and the run goes on.

**If it fails**, Encord could not be asked: clear the task. If a person rejects, all that comes after is skipped: have
the ground truth mended, and trigger the Dag again.
""",
    "create_production_project": f"""
Makes the project in which known units are mixed with real work, or adds to it what it lacks. The loop starts with it.

**If it fails**, its last line names what Encord does not have: the workflow template, a dataset, a person. {AGAIN}
""",
    "begin_first_pass": """
Goes on to a first pass of routing and scoring where a person started the run, and skips it in others: they come several
at a time, and leave it to the loop.

**If it fails**, clear it.
""",
    "wait_for_turn": """
Waits until no pass of the loop is at work: two at a time would route and score the same tasks.

**If it fails**, a pass of the loop did not end. Look at that run, then clear this task.
""",
    "find_work": f"""
Sees by a few requests whether there is anything to do, and skips the pass where there is not; its log says why.

**If it fails**, its last line names the wrong field of the form, or the stage that is not as the campaign says. {AGAIN}
""",
    "route_tasks": f"""
Sends each task that waits at the agent stage along its pathway: known units one way, real work the other.

**If it fails**, its last line names the stage, pathway or dataset that is not as the campaign says. Correct `workflow`
in the campaign, or the project in Encord. {AGAIN}
""",
    "list_submissions": f"""
Finds what was submitted for known units, and parts what is new into batches.

**If it fails**, Encord could not be asked, or the stage to be scored has another title than `workflow.scored_stage`.
{AGAIN}
""",
    "score_labels": """
Compares one batch of submissions with the ground truth. What cannot be compared is reported, and does not fail the
batch.

**If it fails**, Encord or the workspace could not be reached. Clear the task, or leave it to the next pass.
""",
    "apply_decisions": f"""
Acts on scores as the campaign's policy says, and records each action with its reason. With `dry_run` it only says what
it would do.

**If it fails**, its last line names the task and the action that Encord refused. Correct `policy`, or the project.
{AGAIN}
""",
    "remember_pass": """
Remembers how far this pass came, so that the next one sees what is new.

**If it fails**, nothing is lost: the next pass looks at everything.
""",
    "publish_scores": """
Writes the scorecard, its numbers as JSON, and one line an annotator: the tab *Scorecard*.

**If it fails**, the workspace could not be written. Mend that and clear the task.
""",
}


def add_docs(dag: DAG) -> None:
    """Give each task that is in the Dag by now its text."""
    for task in dag.tasks:
        text = TASK_DOCS.get(task.task_id)
        if isinstance(task, BaseOperator):
            task.doc_md = text
        else:  # a mapped task keeps what it will be made with
            task.partial_kwargs["doc_md"] = text
