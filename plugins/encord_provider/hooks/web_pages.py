"""
Where things have their page in Encord's web app.

Encord documents none of these addresses. Projects' are in Encord's own open-source tools; those of queues, datasets
and folders were copied from a browser by users who published them. A page of one stage is not known: a project's queue
lists its stages.
"""

from __future__ import annotations


def project_url(web_app: str, project_hash: str) -> str:
    """Return the address of a project."""
    return f"{web_app}/projects/view/{project_hash}/summary"


def queue_url(web_app: str, project_hash: str) -> str:
    """Return the address of a project's queue, where the tasks of all its stages are."""
    return f"{web_app}/projects/view/{project_hash}/queue"


def dataset_url(web_app: str, dataset_hash: str) -> str:
    """Return the address of a dataset."""
    return f"{web_app}/data/datasets/{dataset_hash}"


def folder_url(web_app: str, folder_uuid: str) -> str:
    """Return the address of a storage folder."""
    return f"{web_app}/data/files/{folder_uuid}"
