"""
Which calls Encord's SDK can make, read from its source without running it.

The SDK reaches the network in three ways: ``ApiClient``'s verbs (v2), ``Querier``'s verbs (legacy: the class that is
asked for names the query) and ``ApiClient._request`` with a request built by hand. A call whose path cannot be read is
an error here, so that a new way of writing one is seen and not skipped.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

V2_VERBS = {verb: verb.upper() for verb in ("get", "post", "put", "patch", "delete")} | {"get_paged_iterator": "GET"}
LEGACY_VERBS = {
    "basic_getter": "GET", "get_multiple": "GET", "basic_setter": "POST", "post_multiple": "POST",
    "basic_put": "PUT", "put_multiple": "PUT", "basic_delete": "DELETE",
}  # fmt: skip
API_CLIENTS = {"client", "_client", "api_client", "_api_client"}
TRANSPORT = ("http/v2/api_client.py", "http/querier.py")
"""The verbs themselves: what they pass on is found where they are used."""


@dataclass(frozen=True, order=True)
class SdkCall:
    """
    A call that the SDK can make.

    :param protocol: ``"v2"`` or ``"legacy"``.
    :param name: v2: the path below ``/v2/public/`` with ``{}`` for each variable; legacy: the query type.
    """

    protocol: str
    name: str
    method: str

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


class UnreadableCallError(ValueError):
    """A call of the SDK whose path or query type this module does not understand."""


def installed_sources() -> dict[str, str]:
    """Return the installed SDK's source by path inside its package; nothing of it is imported."""
    spec = importlib.util.find_spec("encord")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("encord")
    root = Path(spec.origin).parent
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py"))}


def sdk_calls(sources: Mapping[str, str]) -> list[SdkCall]:
    """Return every distinct call in the source, sorted."""
    trees = {path: ast.parse(source) for path, source in sources.items() if path not in TRANSPORT}
    constants = dict(pair for tree in trees.values() for pair in _text_constants(tree))
    helpers = dict(pair for tree in trees.values() for pair in _path_helpers(tree))
    found: set[SdkCall] = set()
    for path, tree in trees.items():
        found.update(_Module(path, tree, constants, helpers).calls())
    return sorted(found)


def _text_constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from ((target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name))


def _path_helpers(tree: ast.Module) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield the functions that are handed a path to call: name, its verb's method and the argument's position."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        names = [argument.arg for argument in function.args.args]
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if (verb := _v2_verb(call)) and _last_name(_path_of(call)) in names:
                yield function.name, (V2_VERBS[verb], names.index(_last_name(_path_of(call))))


def _v2_verb(call: ast.Call) -> str | None:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in V2_VERBS:
        return None
    typed = any(keyword.arg == "result_type" for keyword in call.keywords)
    return call.func.attr if typed or _last_name(call.func.value) in API_CLIENTS else None


def _path_of(call: ast.Call) -> ast.expr:
    return call.args[0] if call.args else _keyword(call, "path")


def _keyword(call: ast.Call, name: str) -> ast.expr:
    value = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    if value is None:
        raise UnreadableCallError(f"no {name} in: {ast.unparse(call)}")
    return value


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _tidy(path: str) -> str:
    return path.removeprefix("{}/v2/public/").split("?")[0].strip("/")


class _Module:
    """One module's calls; ``constants`` and ``helpers`` are those of the whole SDK."""

    def __init__(
        self, path: str, tree: ast.Module, constants: Mapping[str, str], helpers: Mapping[str, tuple[str, int]]
    ) -> None:
        self._path = path
        self._tree = tree
        self._constants = constants
        self._helpers = helpers
        self._imported_as = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    def calls(self) -> Iterator[SdkCall]:
        passes_its_path_on = {
            id(node)
            for function in ast.walk(self._tree)
            if isinstance(function, ast.FunctionDef) and function.name in self._helpers
            for node in ast.walk(function)
        }
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call):
                yield from self._of(node, inside_helper=id(node) in passes_its_path_on)

    def _of(self, call: ast.Call, *, inside_helper: bool) -> Iterable[SdkCall]:
        name = _last_name(call.func)
        if name in self._helpers:
            method, position = self._helpers[name]
            return [SdkCall("v2", self._text(self._argument(call, position)), method)]
        if name in LEGACY_VERBS and isinstance(call.func, ast.Attribute):
            return [SdkCall("legacy", self._query_type(call), LEGACY_VERBS[name])]
        if name == "_request" and call.args and isinstance(request := call.args[0], ast.Call):
            return [self._by_hand(request)]
        if (verb := _v2_verb(call)) and not (inside_helper and isinstance(_path_of(call), ast.Name)):
            return [SdkCall("v2", self._text(_path_of(call)), V2_VERBS[verb])]
        return []

    def _argument(self, call: ast.Call, position: int) -> ast.expr:
        """Return a helper's path: methods are called with or without their first argument written out."""
        if any(keyword.arg == "path" for keyword in call.keywords):
            return _keyword(call, "path")
        return call.args[position]

    def _by_hand(self, prepared: ast.Call) -> SdkCall:
        """Read ``Request(method=..., url=...).prepare()``."""
        request = prepared.func.value if isinstance(prepared.func, ast.Attribute) else None
        if not isinstance(request, ast.Call):
            raise UnreadableCallError(f"{self._path}:{prepared.lineno}: {ast.unparse(prepared)}")
        return SdkCall("v2", self._text(_keyword(request, "url")), self._text(_keyword(request, "method")).upper())

    def _query_type(self, call: ast.Call) -> str:
        explicit = any(keyword.arg == "query_type" for keyword in call.keywords)
        node = _keyword(call, "query_type") if explicit else call.args[0]
        if not isinstance(node, ast.Name):
            raise UnreadableCallError(f"{self._path}:{call.lineno}: {ast.unparse(call)}")
        return self._imported_as.get(node.id, node.id).lower()

    def _text(self, node: ast.expr) -> str:
        return _tidy(self._pattern(node))

    def _pattern(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Name) and node.id in self._constants:
            return self._constants[node.id]
        if isinstance(node, ast.JoinedStr):
            return "".join(self._piece(part) for part in node.values)
        raise UnreadableCallError(
            f"{self._path}:{node.lineno}: a path that is neither text nor a constant: {ast.unparse(node)}"
        )

    def _piece(self, part: ast.expr) -> str:
        if isinstance(part, ast.FormattedValue):
            named = isinstance(part.value, ast.Name) and part.value.id in self._constants
            return self._pattern(part.value) if named else "{}"
        return self._pattern(part)
