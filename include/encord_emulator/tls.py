"""
TLS with an authority of one's own, so that a script which names no domain reaches the emulator unchanged.

Such a script calls ``https://api.encord.com``. With ``HTTPS_PROXY`` set to the emulator it asks for a tunnel there;
with ``REQUESTS_CA_BUNDLE`` set to the authority it accepts who answers. One port takes both: a ``CONNECT`` request to a
name of Encord's, and TLS spoken directly. What is inside is passed on to the server on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ENCORD_HOSTS = ("encord.com", "*.encord.com", "api.encord.com", "api.us.encord.com")
LIFETIME = dt.timedelta(days=365)
CHUNK = 65_536
_TLS_HANDSHAKE = b"\x16"
_CONNECT = re.compile(rb"^CONNECT (?P<host>[^:\s]+):\d+ HTTP/1\.[01]\r\n")


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM: the authority that clients must trust, and what the server shows."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path, host: str) -> Certificates:
    """
    Return the certificates of a folder, the server's made anew, signed by the authority that is there or is made.

    The authority's key stays in the folder, readable by its owner alone; trust the authority only in tests.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority_path, authority_key_path = folder / "authority.pem", folder / "authority.key"
    if not (authority_path.exists() and authority_key_path.exists()):
        key = generate_private_key(SECP256R1())
        _write_key(authority_key_path, key)
        name = _name("Local Encord emulator: trust in tests only")
        builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        authority_path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    authority = x509.load_pem_x509_certificate(authority_path.read_bytes())
    authority_key = load_pem_private_key(authority_key_path.read_bytes(), None)
    if not isinstance(authority_key, EllipticCurvePrivateKey):
        raise ValueError(f"{authority_key_path} is not a key of the emulator's: delete {folder}")
    made = Certificates(authority_path, folder / "server.pem", folder / "server.key")
    key = generate_private_key(SECP256R1())
    _write_key(made.key, key)
    builder = _builder(_name("Local Encord emulator"), authority.subject, key)
    builder = builder.add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    made.certificate.write_bytes(builder.sign(authority_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return made


def _names(host: str) -> Sequence[x509.GeneralName]:
    addresses = {"127.0.0.1", "::1"}
    hosts = {*ENCORD_HOSTS, "localhost"}
    with contextlib.suppress(ValueError):
        addresses.add(str(ipaddress.ip_address(host)))
    if host not in addresses:
        hosts.add(host)
    return [
        *(x509.DNSName(one) for one in sorted(hosts)),
        *(x509.IPAddress(ipaddress.ip_address(one)) for one in sorted(addresses)),
    ]


def _builder(subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + LIFETIME)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write_key(path: Path, key: EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)


class TunnelServer:
    """
    Listens where clients come, and passes their TLS on to a port of this machine.

    :param listening: the bound socket that clients come to.
    :param port: where the server behind speaks TLS, on 127.0.0.1.
    """

    def __init__(self, listening: socket.socket, port: int) -> None:
        self._listening = listening
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take connections from now on."""
        self._server = await asyncio.start_server(self._serve, sock=self._listening)

    def close(self) -> None:
        """Take no more connections, and cut those that there are."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            first = await self._greet(reader, writer)
            if first is not None:
                await self._pass_on(first, reader, writer)
        writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """Return the first bytes of TLS, after the tunnel that was asked for is granted; ``None`` to hang up."""
        first = await reader.readexactly(1)
        if first == _TLS_HANDSHAKE:
            return first
        request = first + await reader.readuntil(b"\r\n\r\n")
        asked = _CONNECT.match(request)
        if asked is None:
            _refuse(writer, "400 Bad Request", "this port speaks TLS: use https://, or a tunnel")
            return None
        if not _is_ours(asked["host"].decode("ascii", "replace").lower()):
            _refuse(writer, "403 Forbidden", "only Encord's own names lead to the emulator")
            return None
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return b""

    async def _pass_on(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._port)
        behind_writer.write(first)
        try:
            await asyncio.gather(_copy(reader, behind_writer), _copy(behind_reader, writer))
        finally:
            behind_writer.close()


def _is_ours(host: str) -> bool:
    return host in {"localhost", "127.0.0.1"} or host == "encord.com" or host.endswith(".encord.com")


def _refuse(writer: asyncio.StreamWriter, status: str, message: str) -> None:
    body = f"{message}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
