"""How the services say no: each refusal's status and the shapes of its body."""

import gzip
import secrets
from typing import Any

import msgspec

from tests.simulator.wire import WireRequest, WireResponse

#: HTTP status, type, and the older word beside the code, by code (the vendor's page on errors).
_ELEVENLABS = {
    "unauthorized": (401, "authentication_error", "invalid_api_key"),
    "needs_authorization": (401, "authentication_error", "needs_authorization"),
    "missing_permissions": (401, "authentication_error", "missing_permissions"),
    "quota_exceeded": (401, "invalid_request", "quota_exceeded"),
    "insufficient_credits": (402, "payment_required", "insufficient_credits"),
    "input_text_empty": (400, "validation_error", "input_text_empty"),
    "text_too_long": (400, "validation_error", "max_character_limit_exceeded"),
    "unsupported_model": (400, "validation_error", "unsupported_model"),
    "invalid_voice_settings": (400, "validation_error", "invalid_voice_settings"),
    "model_not_found": (400, "", "model_not_found"),
    "bad_request": (400, "validation_error", "bad_request"),
    "invalid_output_format": (403, "authorization_error", "invalid_output_format"),
    "voice_not_found": (404, "not_found", "voice_not_found"),
    "concurrent_limit_exceeded": (429, "rate_limit_error", "too_many_concurrent_requests"),
    "system_busy": (429, "rate_limit_error", "system_busy"),
    "rate_limit_exceeded": (429, "rate_limit_error", "rate_limit_exceeded"),
    "internal_error": (500, "internal_error", "internal_error"),
    "service_unavailable": (503, "service_unavailable", "service_unavailable"),
}
_OPENAI = {
    "quota_exceeded": (429, "insufficient_quota", "insufficient_quota"),
    "unauthorized": (401, "invalid_request_error", "invalid_api_key"),
    "needs_authorization": (401, "invalid_request_error", "invalid_api_key"),
    "concurrent_limit_exceeded": (429, "requests", "rate_limit_exceeded"),
    "rate_limit_exceeded": (429, "requests", "rate_limit_exceeded"),
    "system_busy": (503, "server_error", "overloaded"),
    "internal_error": (500, "server_error", "server_error"),
    "service_unavailable": (503, "server_error", "service_unavailable"),
}
_DOCUMENTATION = "https://elevenlabs.io/docs/eleven-api/resources/errors"


class SimulatedRefusalError(Exception):
    """A request is not served.

    Args:
        code: why, as the tables above name it; also what it is counted under.
        message: in words.
        detail: the whole of ``detail`` where it is no object: an array, or a bare string.
        status: of HTTP, with `detail`.
        headers: others to send.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        detail: Any = None,
        status: int = 422,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Keep what is sent."""
        super().__init__(message)
        self.code, self.message, self.detail, self.status = code, message, detail, status
        self.headers = headers or {}


def answer(refused: SimulatedRefusalError, request: WireRequest) -> WireResponse:
    """What is sent for a refusal, in the shape of the service that was asked."""
    if request.path.startswith("/v1/audio/"):
        return _as_openai(refused)
    trace = secrets.token_hex(16)
    headers = {"content-type": "application/json", "x-region": "us-central1", "x-trace-id": trace}
    if refused.detail is not None:
        status, detail = refused.status, refused.detail
    else:
        status, kind, word = _ELEVENLABS[refused.code]
        detail = {"message": refused.message, "status": word}
        if kind:
            detail |= {"type": kind, "code": refused.code, "request_id": trace}
        if status == 429:
            detail["docs_url"] = _DOCUMENTATION
    body = msgspec.json.encode({"detail": detail})
    packed = status == 429 and "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        body = gzip.compress(body, 1)
        headers["content-encoding"] = "gzip"
    return WireResponse(
        status=status,
        headers=headers | refused.headers,
        body=body,
        chunked=status == 429,
        outcome=refused.code,
    )


def _as_openai(refused: SimulatedRefusalError) -> WireResponse:
    fallback = (400, "invalid_request_error", refused.code)
    if refused.detail is not None:
        fallback = (refused.status, "invalid_request_error", refused.code)
    status, kind, code = _OPENAI.get(refused.code, fallback)
    error = {"message": refused.message, "type": kind, "param": None, "code": code}
    return WireResponse(
        status=status,
        headers={"content-type": "application/json"} | refused.headers,
        body=msgspec.json.encode({"error": error}),
        outcome=refused.code,
    )


def page(status: int, title: str, outcome: str) -> WireResponse:
    """A page of HTML, as gateways and sign-in walls send it."""
    text = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    headers = {"content-type": "text/html; charset=utf-8"}
    return WireResponse(status=status, headers=headers, body=text.encode(), outcome=outcome)
