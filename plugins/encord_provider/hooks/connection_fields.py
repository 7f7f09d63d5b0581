"""What an Airflow connection of type ``encord`` says, field by field."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk.log import mask_secret

from encord_provider.exceptions import EncordConnectionError
from encord_provider.hooks.private_key import read_private_key

if TYPE_CHECKING:
    from airflow.sdk import Connection

REGIONS = {"global": "https://api.encord.com", "us": "https://api.us.encord.com"}
CUSTOM = "custom"
WEB_APPS = {
    "https://api.encord.com": "https://app.encord.com",
    "https://api.us.encord.com": "https://app.us.encord.com",
}
LONGEST_TIMEOUT = 3600
_DEFAULT_PORTS = {"https": 443, "http": 80}
_ADDRESS = re.compile(r"https?://([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?", re.IGNORECASE)


class ConnectionFields:
    """
    The fields of a connection, each checked when it is asked for.

    Every property raises :class:`EncordConnectionError` with one line that names the connection and the field.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._extra: dict[str, Any] = connection.extra_dejson

    @cached_property
    def domain(self) -> str:
        """The API's address, without a slash at the end: the region's, or that of ``host`` in a custom one."""
        region = self._text("region").lower()
        host = self._own_host()
        if region and region not in {*REGIONS, CUSTOM}:
            self._refuse("region", f"{region!r} is none of {', '.join(REGIONS)}, {CUSTOM}")
        if region == CUSTOM and not host:
            self._refuse("host", "is empty: a custom region needs the address of its API")
        if region in REGIONS and host not in {"", REGIONS[region]}:
            self._refuse("region", f"is {region!r}, yet field host names {host}: choose {CUSTOM!r}, or empty the host")
        return host or REGIONS[region or "global"]

    @cached_property
    def web_app(self) -> str:
        """The address of the web app that belongs to the API, without a slash at the end."""
        return (self._text("web_app") or WEB_APPS.get(self.domain, self.domain)).rstrip("/")

    @property
    def private_key(self) -> str:
        """The PEM of the private key, from the password field or from the file that ``ssh_key_file`` names."""
        password, file = (self._connection.password or "").strip(), self._text("ssh_key_file")
        if password and file:
            self._refuse("ssh_key_file", "there is a key in field password too: empty one of the two")
        if not password and not file:
            self._refuse("password", "has no private key: put the key there, or a path into 'Private key file'")
        field = "password" if password else "ssh_key_file"
        try:
            pem = read_private_key(password or self._read_key_file(file))
        except ValueError as error:
            self._refuse(field, str(error))
        for line in pem.splitlines()[1:-1]:  # Airflow masks the password as it was given only
            mask_secret(line)
        return pem

    def seconds(self, field: str, default: int) -> int:
        """Return a time-out in seconds."""
        given = self._extra.get(field)
        if given in (None, ""):
            return default
        if not str(given).isdecimal() or not 1 <= int(given) <= LONGEST_TIMEOUT:
            self._refuse(field, f"{given!r} is no whole number of seconds from 1 to {LONGEST_TIMEOUT}")
        return int(given)

    @property
    def user_agent(self) -> str:
        """What is added to the SDK's user agent."""
        from encord.common.utils import validate_user_agent_suffix

        given = self._text("user_agent")
        try:
            return validate_user_agent_suffix(f"airflow-benchmark-qa {given}")
        except ValueError:
            self._refuse("user_agent", f"{given!r} is no product name such as 'team/1.0'")

    @property
    def test_project(self) -> str:
        """The hash of the project that the Test button opens, or nothing."""
        return self._text("test_project")

    def problem(self, field: str, problem: str) -> EncordConnectionError:
        """Return the error that says what is wrong with a field."""
        return EncordConnectionError(f"connection {self._connection.conn_id!r}, field {field}: {problem}")

    def _refuse(self, field: str, problem: str) -> NoReturn:
        raise self.problem(field, problem) from None

    def _text(self, field: str) -> str:
        return str(self._extra.get(field) or "").strip()

    def _own_host(self) -> str:
        host, port = (self._connection.host or "").strip().rstrip("/"), self._connection.port
        if not host:
            return ""
        if "://" not in host:
            host = f"{self._connection.schema or 'https'}://{host}"
        if port and port != _DEFAULT_PORTS.get(host.partition("://")[0]):
            host = f"{host}:{port}"
        if not _ADDRESS.fullmatch(host):
            self._refuse("host", f"{host!r} is no address such as https://api.encord.com, without a path")
        return host

    def _read_key_file(self, file: str) -> str:
        try:
            return Path(file).expanduser().read_text(encoding="ascii")
        except UnicodeDecodeError:
            raise ValueError(f"the file {file} holds no text") from None
        except OSError as error:
            raise ValueError(f"the file {file} cannot be read here: {error.strerror}") from None
