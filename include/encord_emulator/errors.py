"""Refusals, and the two envelopes they travel in."""

from __future__ import annotations

from typing import Any

LEGACY_CODES = {
    400: "INVALID_ARGUMENTS_ERROR",
    401: "AUTHENTICATION_ERROR",
    403: "AUTHORISATION_ERROR",
    404: "RESOURCE_NOT_FOUND_ERROR",
    405: "METHOD_NOT_ALLOWED_ERROR",
    409: "RESOURCE_EXISTS_ERROR",
    413: "PAYLOAD_TOO_LARGE_ERROR",
    422: "INVALID_ARGUMENTS_ERROR",
    429: "RATE_LIMIT_ERROR",
    501: "NOT_IMPLEMENTED_BY_THE_EMULATOR",
}


class ApiError(Exception):
    """
    A request that is refused.

    :param status: HTTP status; the legacy envelope repeats it in its body.
    :param code: legacy code where it is not the usual one of that status.
    :param payload: legacy payload where it is not the message.
    :param retry_after: seconds for the header of that name.
    """

    def __init__(
        self, status: int, message: str, *, code: str | None = None, payload: Any = None,
        retry_after: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after
        self.code = code or LEGACY_CODES.get(status, "UNKNOWN_ERROR")
        self.payload = message if payload is None else payload

    def envelope(self, protocol: str) -> dict[str, Any]:
        """Return the body that the SDK expects under ``protocol``, ``"v2"`` or ``"legacy"``."""
        if protocol == "legacy":
            return {"status": self.status, "response": [self.code], "payload": self.payload}
        return {"detail": self.message} if self.status == 422 else {"message": self.message}


def invalid(message: str) -> ApiError:
    """Return the refusal of an argument: HTTP 400."""
    return ApiError(400, message)


def forbidden(message: str) -> ApiError:
    """Return the refusal of a caller without the right: HTTP 403."""
    return ApiError(403, message)


def not_found(kind: str, identifier: str) -> ApiError:
    """Return the refusal of an id that names nothing: HTTP 404."""
    return ApiError(404, f"{kind} {identifier} was not found")


def exists(kind: str, title: str) -> ApiError:
    """Return the refusal of a second thing of one name: HTTP 409."""
    return ApiError(409, f"{kind} {title!r} already exists")
