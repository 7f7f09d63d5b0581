"""Units made one at a time, by a rule's templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.model import Unit
from include.benchmark_qa.manifest.patterns import fields_of_key, fill_template
from include.benchmark_qa.manifest.quarantine import Fault, Reason
from include.benchmark_qa.manifest.rules import FileRule


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where the objects are.

    :param uri: of the bucket, without a closing slash
    :param prefix: under which the keys were listed; rules look at what follows it
    :param url: gives the URL by which Encord is told of a key; ``url(key) == url_prefix + percent-encoded key``
    :param url_prefix: what every URL begins with
    """

    uri: str
    prefix: str
    url: Callable[[str], str]
    url_prefix: str

    def relative(self, key: str) -> str:
        """Return what follows the listed prefix."""
        return key.removeprefix(self.prefix)


def captures_of(rule: FileRule, relative_key: str) -> dict[str, str | None]:
    """Return the captures of a key that the rule matches; None for those that took no part."""
    match = rule.expression.fullmatch(relative_key) if rule.captures and rule.expression else None
    return match.groupdict() if match else {}


def make_unit(
    rule: FileRule,
    kind: DataKind,
    place: Place,
    *,
    source_key: str,
    keys: Sequence[str],
    captures: Mapping[str, str | None],
) -> Unit | tuple[Fault, ...]:
    """Return the unit of some files, or why no template can be filled in and no URL be made for it."""
    missing = [name for name in rule.captures if name in rule.fields and captures.get(name) is None]
    if missing:
        return tuple(
            Fault(Reason.CAPTURE, name, f"the capture {name!r} took no part in the match, and a template names it")
            for name in missing
        )
    try:
        urls = tuple(place.url(key) for key in keys)
    except ValueError as error:
        return (Fault(Reason.URL, "objectUrl", str(error)),)
    fields = fields_of_key(source_key) | {name: value for name, value in captures.items() if value is not None}
    metadata = {
        key: fill_template(value, fields) if isinstance(value, str) else value
        for key, value in rule.client_metadata.items()
    }
    return Unit(
        type=rule.type,
        title=fill_template(rule.title, fields),
        object_urls=urls,
        source_keys=tuple(keys),
        client_metadata=metadata | {"source_key": source_key, "kind": kind.value},
    )
