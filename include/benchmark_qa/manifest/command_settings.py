"""What the command ``python -m include.benchmark_qa.manifest`` is told by its rules file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.benchmark_qa.campaign import Campaign, CampaignError, describe_problems
from include.benchmark_qa.campaign_parts import BucketSettings
from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.rules import ManifestRules

_PREFIXES = ("benchmark_prefix", "production_prefix")


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """
    How a bucket becomes manifests; without a rules file, all of it, by the extensions that Encord supports.

    ``prefixes`` says which keys each kind of data has; ``options`` are those of ``open_bucket``.
    """

    rules: ManifestRules = field(default_factory=ManifestRules)
    prefixes: Mapping[DataKind, str] = field(default_factory=lambda: {DataKind.PRODUCTION: ""})
    filters: ListingFilters = field(default_factory=ListingFilters)
    options: Mapping[str, str | bool] = field(default_factory=dict)


class _CampaignParts(BaseModel):
    """The two parts of a campaign that manifests depend on; the others are not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    manifest: ManifestRules = Field(default_factory=ManifestRules)
    bucket: BucketSettings


def read_settings(path: Path, uri: str) -> CommandSettings:
    """
    Read a campaign file, or a file with its ``manifest:`` part alone.

    A campaign that names ``benchmark_prefix`` or ``production_prefix`` gives two manifests, another one for all keys.

    :param uri: of the bucket, whatever the campaign says.
    :raises CampaignError: the file is missing, is no YAML mapping, or has wrong fields: all of them, by name.
    """
    fields = _read_yaml(path)
    try:
        if fields.keys().isdisjoint({"manifest", "bucket"}):
            return CommandSettings(rules=ManifestRules.model_validate(fields))
        if unknown := sorted(str(name) for name in fields.keys() - Campaign.model_fields.keys()):
            raise CampaignError(f"{path}: {unknown[0]}: no such field of a campaign")
        bucket = fields.get("bucket") or {}
        parts = _CampaignParts.model_validate({**fields, "bucket": {**bucket, "uri": uri}})
    except ValidationError as error:
        raise CampaignError(f"{path}: {describe_problems(error)}") from None
    except TypeError:
        raise CampaignError(f"{path}: bucket: must be a mapping of fields") from None
    return CommandSettings(parts.manifest, _prefixes(bucket, parts.bucket), parts.bucket.filters, parts.bucket.options)


def _prefixes(given: Mapping[str, Any], bucket: BucketSettings) -> dict[DataKind, str]:
    if not any(name in given for name in _PREFIXES):
        return {DataKind.PRODUCTION: ""}
    return {DataKind.BENCHMARK: bucket.benchmark_prefix, DataKind.PRODUCTION: bucket.production_prefix}


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CampaignError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise CampaignError(f"{path}: is not UTF-8") from None
    except yaml.YAMLError as error:
        raise CampaignError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(fields, dict):
        raise CampaignError(f"{path}: holds {type(fields).__name__}, not a campaign or its manifest part (rules: ...)")
    return fields
