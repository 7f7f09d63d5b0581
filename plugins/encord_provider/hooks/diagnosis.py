"""What is wrong between this machine and Encord, in a sentence that somebody who does not program can act on."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator

KEY_REFUSED = frozenset({"AuthenticationError", "SshKeyNotFound"})
REFUSED = KEY_REFUSED | {"AuthorisationError"}
NO_API = "answers, but not as Encord's API does: is the address right, or does a proxy or a log-in page answer?"
MOST_CLOCK_SECONDS = 60
PROBE_SECONDS = 5

_WAYS = {
    "SSLError": "cannot be trusted: its TLS certificate is not accepted here. Is there a proxy whose authority belongs "
    "into REQUESTS_CA_BUNDLE, is this machine's clock right, or should the address begin with http://?",
    "ProxyError": "cannot be reached: the proxy of this machine (HTTPS_PROXY) does not let it through",
    "ConnectTimeoutError": "cannot be reached: none within field connect_timeout. Is a firewall between?",
    "ReadTimeoutError": "took the request, but did not answer within field read_timeout: try again, or allow more",
    "NameResolutionError": "cannot be reached: no such host name is known here. Is it spelled rightly, are you online?",
}
"""What is to be said of an address, by the name of what was raised when it was asked."""


def explain(error: Exception, domain: str) -> str:
    """
    Return one sentence on an error of the SDK's; it quotes no key, and no page that a stranger answered with.

    :param domain: the API's address
    """
    name, said = type(error).__name__, getattr(error, "message", str(error))
    if name in KEY_REFUSED:
        return _explain_key(domain)
    if name == "RequestException":
        return _explain_way(error, domain)
    if name == "RateLimitExceededError":
        return f"{domain} has had too many requests: try again in {getattr(error, 'retry_after', None) or 60} s"
    sentences = {
        "AuthorisationError": f"refuses what was asked ({said}): does the user of this key have access?",
        "ResourceNotFoundError": NO_API,
        "MethodNotAllowedError": NO_API,
        "UnknownException": f"has a fault of its own at the moment ({said}): try again in some minutes",
    }
    return f"{domain} {sentences[name]}" if name in sentences else f"{name}: {said}"


def _explain_key(domain: str) -> str:
    """Tell a clock that is off from a key that is unknown: both are one answer of Encord's."""
    off = clock_error(domain)
    if off is not None and abs(off) > MOST_CLOCK_SECONDS:
        side = "ahead of" if off > 0 else "behind"
        return (
            f"{domain} refuses this key's signature, and this machine's clock is {abs(off):.0f} s {side} its clock: "
            "set the clock (NTP), then try again"
        )
    return (
        f"{domain} does not know this key: is its public half added to your Encord user, and in this region? "
        "A user of one region is not known in another"
    )


def clock_error(domain: str) -> float | None:
    """Return by how many seconds this machine's clock is ahead of a server's, None where the server does not tell."""
    import requests

    try:
        told = requests.head(domain, timeout=PROBE_SECONDS, allow_redirects=False).headers.get("Date", "")
        return time.time() - email.utils.parsedate_to_datetime(told).timestamp()
    except (requests.RequestException, ValueError):
        return None


def _explain_way(error: Exception, domain: str) -> str:
    """Look for the first fault that is known in what the SDK's error came of, from the outside in."""
    causes = list(_causes(error))
    for cause in causes:
        if said := _WAYS.get(type(cause).__name__):
            return f"{domain} {said}"
    if any(type(cause).__name__ == "JSONDecodeError" for cause in causes):
        return f"{domain} {NO_API}"
    return f"{domain} cannot be reached: nothing takes connections there. Is the address right, is a firewall between?"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all it came of; urllib3 puts some into ``args`` and ``reason`` instead of chaining them."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inside = [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]
        waiting += reversed(inside)
