"""What can go wrong between Airflow, Encord and the bucket, by name."""

from __future__ import annotations


class EncordConnectionError(ValueError):
    """The Airflow connection cannot be used: no key, a key that is none, a domain that is none."""


class BucketConnectionError(ValueError):
    """The Airflow connection of a bucket cannot be used: it is not there, or of a type or with a field unknown."""


class EncordNotFoundError(LookupError):
    """A thing that the campaign names does not exist in Encord, or is hidden from the connection's key."""


class EncordAmbiguousTitleError(ValueError):
    """Two things in Encord carry one title, and nobody can tell which is meant."""


class EncordOntologyError(ValueError):
    """An ontology is not the one that is needed."""


class EncordFolderError(ValueError):
    """A storage folder is not of the sort that is needed."""


class EncordUploadError(RuntimeError):
    """Encord did not register files that it was asked to register."""


class EncordWorkflowError(ValueError):
    """A project's workflow lacks a stage, a pathway or a dataset that is needed."""


class EncordTimeoutError(TimeoutError):
    """Something that people or Encord should have finished was not finished in time."""


class EncordTurnLostError(RuntimeError):
    """Another run took over what this one alone was to do, since it had been silent for too long."""


class EncordTriggerEventError(RuntimeError):
    """The triggerer sent an event that the task does not understand."""
