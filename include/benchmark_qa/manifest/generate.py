"""From the keys of a listing to the units of a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.model import ManifestError, Unit, UnitType
from include.benchmark_qa.manifest.patterns import fill_template, numeric_order
from include.benchmark_qa.manifest.rules import FileRule, ManifestRules

# Encord's limits.
MAX_TITLE_CHARACTERS = 300
MAX_URL_BYTES = 16 * 1024

_IGNORED_NAMED = 10
# Empty objects by which some tools mark a directory; keys that end in a slash are the others.
_HADOOP_MARKER = "_$folder$"


@dataclass(slots=True)
class ManifestTally:
    """
    What became of every key: ``listed == used + skipped + ignored``.

    ``used`` objects are part of a unit (of which ``units`` counts each type), ``skipped`` are hidden or mark a
    directory, ``ignored`` match no rule; the first few of these are named.
    """

    units: dict[UnitType, int] = field(default_factory=lambda: dict.fromkeys(UnitType, 0))
    used: int = 0
    skipped: int = 0
    ignored: int = 0
    first_ignored: list[str] = field(default_factory=list)

    def ignore(self, key: str) -> None:
        self.ignored += 1
        if len(self.first_ignored) < _IGNORED_NAMED:
            self.first_ignored.append(key)


@dataclass(slots=True)
class ManifestGenerator:
    """
    Makes units by a campaign's rules, and tallies.

    :param url: gives the URL by which Encord is told of a key (``Bucket.url``).
    :param prefix: under which the keys were listed; rules look at what follows it.
    """

    rules: ManifestRules
    kind: DataKind
    url: Callable[[str], str]
    prefix: str = ""
    tally: ManifestTally = field(default_factory=ManifestTally)

    def units(self, keys: Iterable[str]) -> Iterator[Unit]:
        """
        Yield the units of the keys: single files in the order of the keys, then groups by their first key.

        The same keys in the same order give the same units. ``tally`` is complete when this is exhausted.

        :raises ManifestError: for a key listed twice, and for a unit whose title or URL Encord would refuse.
        """
        # By a dict: in byte order a/1, a/sub/x, a/z interleave, so neighbours need not be of one directory.
        groups: dict[tuple[str, int], tuple[FileRule, list[str]]] = {}
        for key in self._distinct(keys):
            rule = self._rule(key)
            if rule is None:
                continue
            if rule.type.is_group:
                directory = self._directory(key)
                groups.setdefault((directory, id(rule)), (rule, []))[1].append(key)
            else:
                yield self._unit(rule, key, (key,))
        _refuse_shared_directories(groups)
        for (directory, _), (rule, members) in groups.items():
            yield self._unit(rule, directory, tuple(sorted(members, key=_frame_order)))

    def _distinct(self, keys: Iterable[str]) -> Iterator[str]:
        seen: set[str] = set()
        for key in keys:
            if key in seen:
                raise ManifestError(f"key {key!r} is listed twice; list the bucket again")
            seen.add(key)
            yield key

    def _rule(self, key: str) -> FileRule | None:
        below_prefix = key.removeprefix(self.prefix)
        if _is_hidden(below_prefix):
            self.tally.skipped += 1
            return None
        rule = self.rules.rule_for(below_prefix)
        if rule is None:
            self.tally.ignore(key)
        return rule

    def _directory(self, key: str) -> str:
        directory = key.rpartition("/")[0]
        if not directory:
            raise ManifestError(f"key {key!r} is to be grouped by directory but is in none; move it into one")
        return directory

    def _unit(self, rule: FileRule, source_key: str, members: tuple[str, ...]) -> Unit:
        urls = tuple(self.url(key) for key in members)
        for key, url in zip(members, urls, strict=True):
            _check_url(key, url)
        metadata = {name: fill_template(template, source_key) for name, template in rule.client_metadata.items()}
        self.tally.units[rule.type] += 1
        self.tally.used += len(members)
        return Unit(
            type=rule.type,
            title=_title(rule, source_key),
            object_urls=urls,
            source_keys=members,
            client_metadata=metadata | {"source_key": source_key, "kind": self.kind.value},
        )


def _refuse_shared_directories(groups: Mapping[tuple[str, int], tuple[FileRule, list[str]]]) -> None:
    """Refuse two groups of one directory: a group is known by its directory, so one would be taken for the other."""
    first: dict[str, FileRule] = {}
    for (directory, _), (rule, _) in groups.items():
        if (other := first.setdefault(directory, rule)) is not rule:
            raise ManifestError(
                f"directory {directory!r} holds files of two grouping rules ({other.type.value}: {other.match!r}, "
                f"{rule.type.value}: {rule.match!r}); give each group a directory of its own, or merge the rules"
            )


def _is_hidden(key: str) -> bool:
    is_marker = not key or key.endswith(("/", _HADOOP_MARKER))
    return is_marker or any(segment.startswith(".") for segment in key.split("/"))


def _frame_order(key: str) -> tuple[list[tuple[str, int]], str]:
    return numeric_order(key), key  # the key itself decides between 1.jpg and 01.jpg


def _title(rule: FileRule, source_key: str) -> str:
    title = fill_template(rule.title, source_key)
    if not title.strip():
        raise ManifestError(f"key {source_key!r} gets an empty title from the template {rule.title!r}")
    if len(title) > MAX_TITLE_CHARACTERS:
        raise ManifestError(
            f"key {source_key!r} gets a title of {len(title)} characters from the template {rule.title!r}; Encord "
            f"takes {MAX_TITLE_CHARACTERS}: set a shorter one in its rule, such as '{{name}}'"
        )
    return title


def _check_url(key: str, url: str) -> None:
    if any(character.isspace() for character in url):
        raise ManifestError(f"key {key!r} has the URL {url!r}, which holds whitespace; Encord refuses such URLs")
    if (size := len(url.encode())) > MAX_URL_BYTES:
        raise ManifestError(f"key {key[:100]!r}... has a URL of {size} bytes; Encord takes {MAX_URL_BYTES}")
