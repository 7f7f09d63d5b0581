"""The items of a rule's single files, rendered as columns: the same bytes as ``render.render_item`` unit by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from include.benchmark_qa.manifest.arrow import Column, as_rows, kernels, lengths, text_layout
from include.benchmark_qa.manifest.columns import RuleColumns, ends_with_any, key_columns, url_paths
from include.benchmark_qa.manifest.extensions import allowed, foreign
from include.benchmark_qa.manifest.patterns import KEY_FIELDS, split_template
from include.benchmark_qa.manifest.render import SEPARATOR
from include.benchmark_qa.manifest.validation import MAX_TITLE_CHARACTERS, MAX_URL_BYTES

if TYPE_CHECKING:
    from include.benchmark_qa.listing.model import DataKind
    from include.benchmark_qa.manifest.arrow import Rows
    from include.benchmark_qa.manifest.rules import FileRule
    from include.benchmark_qa.manifest.units import Place


# Neither a space nor one of the ranges in which Unicode has its other ones.
_INK = r"[^ \x{80}-\x{A0}\x{1680}\x{2000}-\x{206F}\x{3000}]"
_URL = "objectUrl"  # a column beside those of the templates


def is_regular(place: Place) -> bool:
    """Tell whether a place's URLs are what ``url_paths`` makes of its keys, and may hold no whitespace."""
    probe = f"{place.prefix}a b/c%+~.jpg"
    try:
        url = place.url(probe)
    except ValueError:
        return False
    return url == f"{place.url_prefix}{quote(probe, safe='/')}" and not any(one.isspace() for one in url)


class ItemColumns:
    """
    Renders simple keys of one rule whose units are single files and need nothing looked up.

    :param url_prefix: what every URL begins with
    """

    def __init__(self, rule: FileRule, columns: RuleColumns, kind: DataKind, url_prefix: str) -> None:
        self._rule = rule
        self._columns = columns
        self._fields = rule.fields | {"key"}
        self._url_room = MAX_URL_BYTES - len(url_prefix.encode())
        suffixes = allowed(rule.type)
        self._allowed, self._foreign = suffixes, foreign(rule.type)
        # Suffixes that all fit the type, as in most rules, spare a look at each key.
        self._is_checked = bool(suffixes and rule.suffixes and all(one.endswith(suffixes) for one in rule.suffixes))
        pieces: list[str | tuple[str]] = ['{"objectUrl":"', _escaped(url_prefix), (_URL,), '","title":"']
        pieces += [*_pieces(rule, rule.title), '","clientMetadata":{']
        for key, value in rule.client_metadata.items():
            pieces += [f"{orjson.dumps(key).decode()}:"]
            if isinstance(value, str):
                pieces += ['"', *_pieces(rule, value), '",']
            else:
                pieces += [f"{orjson.dumps(value).decode()},"]
        pieces += ['"source_key":"', ("key",), f'","kind":"{kind.value}"}}}}{SEPARATOR.decode()}']
        self._pieces = _joined(pieces)

    def render(self, keys: Column) -> tuple[Column, Rows]:
        """Return the items of some keys, and which are beyond doubt; the others are to be looked at one by one."""
        pc = kernels()

        captures = {name: column for name, column in self._captures(keys).items() if name in self._fields}
        columns = key_columns(keys, self._fields) | captures | {_URL: url_paths(keys)}
        items = pc.binary_join_element_wise(
            *(piece if isinstance(piece, str) else columns[piece[0]] for piece in self._pieces), ""
        )
        return items, self._fine(columns, captures)

    def _captures(self, keys: Column) -> dict[str, Column]:
        return self._columns.captures(keys) if self._fields - set(KEY_FIELDS) else {}

    def _fine(self, columns: dict[str, Column], captures: dict[str, Column]) -> Rows:
        """Tell which rows have all captures, a title and a URL that Encord takes, and an extension of the type."""
        import numpy as np

        keys = columns["key"]
        fine = np.ones(len(keys), bool)
        for column in captures.values():
            fine &= lengths(column) > 0
        fine &= lengths(columns[_URL]) <= self._url_room
        pieces = split_template(self._rule.title, self._rule.captures)
        texts = "".join(text for text, _ in pieces)
        named = [columns[field] for _, field in pieces if field is not None]
        # In bytes, which are no fewer than the characters.
        fine &= sum((lengths(column) for column in named), np.full(len(keys), len(texts))) <= MAX_TITLE_CHARACTERS
        if not texts.strip():
            has_ink = [_has_ink(column) for column in named]
            fine &= np.logical_or.reduce(has_ink) if has_ink else False
        return fine if self._is_checked else fine & self._supported(keys)

    def _supported(self, keys: Column) -> Rows:
        if self._allowed is None:
            return ~ends_with_any(keys, self._foreign)
        return ends_with_any(keys, self._allowed)


def _has_ink(texts: Column) -> Rows:
    """Tell which texts are more than whitespace; the last byte mostly says so."""
    sizes, starts, content = text_layout(texts)
    if sizes.all():
        last = content[starts + sizes - 1]
        inked: Rows = (last > ord(" ")) & (last < 128)
        if inked.all():
            return inked
    return as_rows(kernels().match_substring_regex(texts, _INK))


def _pieces(rule: FileRule, template: str) -> list[str | tuple[str]]:
    pieces: list[str | tuple[str]] = []
    for text, field in split_template(template, rule.captures):
        pieces += [_escaped(text)] if field is None else [_escaped(text), (field,)]
    return pieces


def _escaped(text: str) -> str:
    return orjson.dumps(text).decode()[1:-1]


def _joined(pieces: list[str | tuple[str]]) -> list[str | tuple[str]]:
    """Return the pieces with neighbouring texts as one."""
    joined: list[str | tuple[str]] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined
