"""Small languages of the rules: globs over keys, templates for titles, numeric order of names."""

from __future__ import annotations

import re
from string import Formatter

TEMPLATE_FIELDS = ("key", "name", "stem", "directory")

_GLOB_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|.", re.DOTALL)
_GLOB_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_NUMBER = re.compile(r"([0-9]+)")


def compile_glob(pattern: str) -> re.Pattern[str]:
    """
    Return an expression whose ``fullmatch`` follows the glob, case-sensitively.

    ``*`` and ``?`` stay within a directory, ``**/`` is any number of directories, none included, ``[abc]``
    and ``[!abc]`` one character. A pattern without a slash looks at the name alone, at any depth.

    >>> bool(compile_glob("groups/*/*.jpg").fullmatch("groups/a/1.jpg"))
    True
    >>> bool(compile_glob("groups/*.jpg").fullmatch("groups/a/1.jpg"))
    False
    >>> bool(compile_glob("*.jpg").fullmatch("groups/a/1.jpg"))
    True
    """
    anchored = pattern if "/" in pattern else f"**/{pattern}"
    return re.compile("".join(_translate(token) for token in _GLOB_TOKEN.findall(anchored)), re.DOTALL)


def _translate(token: str) -> str:
    if meaning := _GLOB_MEANING.get(token):
        return meaning
    if len(token) > 1:
        negated = token[1] == "!"
        members = token[2 if negated else 1 : -1].replace("\\", r"\\").replace("^", r"\^").replace("[", r"\[")
        # A class never matches the slash, as the other wildcards never do.
        return f"[^/{members}]" if negated else f"(?!/)[{members}]"
    return re.escape(token)


def check_template(template: str) -> str:
    """
    Return the template if it is usable.

    :raises ValueError: when it names another field than ``TEMPLATE_FIELDS``, or its braces do not close.
    """
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if name not in TEMPLATE_FIELDS or spec or conversion:
            written = "{" + name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
            allowed = ", ".join(f"{{{field}}}" for field in TEMPLATE_FIELDS)
            raise ValueError(f"template {template!r} holds {written}; it may hold {allowed} and plain text")
    return template


def fill_template(template: str, key: str) -> str:
    """
    Return the template with the parts of the key filled in.

    For a group the key is its directory.

    >>> fill_template("{directory} | {name} | {stem}", "production/scans/knee.nii.gz")
    'production/scans | knee.nii.gz | knee'
    """
    directory, _, name = key.rpartition("/")
    stem = name[:1] + name[1:].partition(".")[0]  # a leading dot belongs to the name
    return template.format(key=key, name=name, stem=stem, directory=directory)


def numeric_order(name: str) -> list[tuple[str, int]]:
    """
    Return a sort key under which the numbers in names count as numbers: ``_9`` before ``_10``.

    >>> sorted(["f10.jpg", "f9.jpg", "f1.jpg"], key=numeric_order)
    ['f1.jpg', 'f9.jpg', 'f10.jpg']
    """
    parts = _NUMBER.split(name)
    texts, numbers = parts[::2], [*map(int, parts[1::2]), -1]
    return list(zip(texts, numbers, strict=True))
