"""How much one may ask: the size of a body, and requests a minute."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from include.encord_emulator.errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

WINDOW_S = 60.0
PART_TIMEOUT_S = 15
_DRAINED = 8
"""How many times the limit of a body is read on, unkept, so that the client hears of the refusal.

Who announces more than that is refused at once.
"""


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body of a request, or refuse one of more than ``limit`` bytes with 413."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > _DRAINED * limit:
        raise _too_large(limit)
    parts, size = [], 0
    stream = request.stream()
    while (part := await _next_part(stream)) is not None:
        size += len(part)
        if size <= limit:
            parts.append(part)
        elif size > _DRAINED * limit:
            break
    if size > limit:
        raise _too_large(limit)
    return b"".join(parts)


async def _next_part(stream: AsyncIterator[bytes]) -> bytes | None:
    """Return the next part of a body, ``None`` after the last; who stops sending in the middle is refused with 408."""
    try:
        return await asyncio.wait_for(anext(stream, None), PART_TIMEOUT_S)
    except TimeoutError:
        raise ApiError(408, f"The body did not come within {PART_TIMEOUT_S} s.") from None


def _too_large(limit: int) -> ApiError:
    return ApiError(413, f"The body is larger than {limit} bytes.")


class RateLimiter:
    """Counts each user's requests over the last minute."""

    def __init__(self) -> None:
        self._moments: defaultdict[str, deque[float]] = defaultdict(deque)

    def check(self, user: str, switches: Mapping[str, Any]) -> None:
        """Refuse with 429 a request over the limit; a limit of 0 is none."""
        limit = int(switches["rate_limit_per_minute"])
        if not limit:
            return
        now, moments = time.monotonic(), self._moments[user]
        while moments and moments[0] <= now - WINDOW_S:
            moments.popleft()
        if len(moments) >= limit:
            wait = moments[0] + WINDOW_S - now
            retry_after = max(1, round(wait)) if switches["retry_after_header"] else None
            raise ApiError(429, f"More than {limit} requests a minute.", retry_after=retry_after)
        moments.append(now)
