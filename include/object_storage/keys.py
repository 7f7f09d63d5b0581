"""Keys: how they become URLs, and which cannot."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from include.object_storage.errors import BucketUriError, ObjectKeyError


def url_path(key: str) -> str:
    """
    Return the key as the path of a URL, percent-encoded as UTF-8 with slashes kept.

    >>> url_path("photos/café no. 7 + 100%/1.jpg")
    'photos/caf%C3%A9%20no.%207%20%2B%20100%25/1.jpg'

    :raises ObjectKeyError: for a key that a client would not send unchanged.
    """
    if not key:
        raise ObjectKeyError("an empty key has no URL")
    if not {".", ".."}.isdisjoint(key.split("/")):
        raise ObjectKeyError(f"key {key!r} has a segment '.' or '..', which clients resolve away; rename it")
    try:
        return quote(key, safe="/")
    except UnicodeEncodeError:
        raise ObjectKeyError(f"key {key!r} is not valid UTF-8; rename the object") from None


def check_web_address(option: str, address: str | None) -> str | None:
    """
    Return the address, or None where none is given.

    :raises BucketUriError: when it is no http(s) address, or holds a user name, a password or whitespace. The
        message does not repeat it, since it might hold a secret.
    """
    if address is None:
        return None
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BucketUriError(f"option {option} must be an address such as https://host[:port][/path]")
    if "@" in parts.netloc or any(character.isspace() for character in address):
        raise BucketUriError(f"option {option} must hold no whitespace, user name or password")
    return address
