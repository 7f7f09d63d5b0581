"""The settings of docker-compose.yaml, with this machine's addresses in place of the containers' names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<text>[^}]*))?\})")


class ComposeFileError(RuntimeError):
    """docker-compose.yaml does not say what is looked for; the message names it."""


def airflow_settings(compose_file: Path, variables: Mapping[str, str], addresses: Mapping[str, str]) -> dict[str, str]:
    """
    Return the environment that the compose file gives to every part of Airflow.

    :param variables: the content of ``.env``
    :param addresses: by the ``host:port`` that the file names, the one to put in its place
    :raises ComposeFileError: a variable that the file asks for is missing
    """
    content = yaml.safe_load(compose_file.read_text(encoding="utf-8"))
    settings = content["x-airflow"]["environment"]
    return {name: _readdressed(interpolate(str(text), variables), addresses) for name, text in settings.items()}


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """
    Replace ``${NAME}``, ``${NAME:-default}``, ``${NAME:?message}`` and ``$$`` as Compose does.

    :raises ComposeFileError: a variable without default is not set
    """

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return "$"
        if given := variables.get(name):
            return given
        if found["kind"] == "-":
            return found["text"]
        raise ComposeFileError(f"docker-compose.yaml asks for {name}, which the native stack does not set")

    return _VARIABLE.sub(value, text)


def _readdressed(text: str, addresses: Mapping[str, str]) -> str:
    for container, here in addresses.items():
        text = re.sub(rf"(?<=[/@]){re.escape(container)}(?=/)", here, text)
    return text
