"""Answers to requests that were let in: speech, damaged speech, and what is none."""

import gzip
import secrets

from tests.simulator import refusals
from tests.simulator.books import SimulatedBill
from tests.simulator.contract import SimulatedOrder
from tests.simulator.refusals import SimulatedRefusalError
from tests.simulator.scenario import Scenario
from tests.simulator.speech import CONTENT_TYPES
from tests.simulator.wire import WIRE_FAULTS, WireRequest, WireResponse

# An invalid block type at the very beginning of the compressed data (RFC 1951, section 3.2.3).
_GZIP_HEAD_BYTES = 10
_NO_BLOCK = b"\xff" * 8

_EXPOSED = (
    "request-id, history-item-id, character-cost, regeneration-count, generation-info,"
    " current-concurrent-requests, maximum-concurrent-requests, collect-preference"
)


def spoken(
    order: SimulatedOrder,
    bill: SimulatedBill,
    audio: bytes,
    scenario: Scenario,
    concurrency: dict[str, str],
) -> WireResponse:
    """Speech that was made, with what its fault does to it.

    Args:
        order: what was asked.
        bill: what it costs, and its fault.
        audio: the sound file, or the JSON that has it; half of it already if that is the fault.
        scenario: how slowly it trickles.
        concurrency: headers.
    """
    kind = "application/json" if order.is_timed else CONTENT_TYPES[order.format.codec]
    headers = {"content-type": kind}
    if order.family == "elevenlabs":
        headers |= _headers(bill) | concurrency
    if bill.fault == "gzip":
        headers["content-encoding"] = "gzip"
        audio = gzip.compress(audio, 1)[:_GZIP_HEAD_BYTES] + _NO_BLOCK
    return WireResponse(
        headers=headers,
        body=audio,
        damage=bill.fault if bill.fault in WIRE_FAULTS else None,
        trickle_seconds=scenario.trickle_seconds,
        outcome=bill.fault or "speech",
    )


def _headers(bill: SimulatedBill) -> dict[str, str]:
    """Those of a 200, as seen on the real service's answers."""
    return {
        "access-control-expose-headers": _EXPOSED,
        "character-cost": str(bill.credits),
        **({"history-item-id": bill.history_item_id} if bill.history_item_id else {}),
        "request-id": bill.request_id,
        "server": "uvicorn",
        "tts-latency-ms": str(round(1000 * bill.seconds)),
        "via": "1.1 google",
        "x-region": "us-central1",
        "x-trace-id": secrets.token_hex(16),
    }


def silent(request: WireRequest, fault: str, scenario: Scenario) -> WireResponse:
    """An answer without speech."""
    match fault:
        case "hang":
            return WireResponse(damage="hang", outcome=fault)
        case "html":
            return refusals.page(200, "Sign in to the network", fault)
        case "empty":
            return WireResponse(headers={"content-type": "audio/mpeg"}, outcome=fault)
        case "redirect" | "redirect_away":
            port = request.headers.get("host", "").rpartition(":")[2]
            away = f"http://localhost:{port}" if fault == "redirect_away" else ""
            return WireResponse(
                status=307, headers={"location": away + request.target}, outcome=fault
            )
        case "bad_gateway":
            return refusals.page(502, "502 Bad Gateway", fault)
        case _:
            answer = refusals.answer(_refusal(fault, scenario), request)
            answer.outcome = fault
            return answer


def _refusal(fault: str, scenario: Scenario) -> SimulatedRefusalError:
    match fault:
        case "error_500":
            return SimulatedRefusalError("internal_error", "An internal error occurred.")
        case "error_503":
            message = "The service is unavailable for the moment."
            return SimulatedRefusalError("service_unavailable", message, headers=wait(scenario))
        case "unprocessable":
            problem = {"type": "missing", "loc": ["body", "text"], "msg": "Field required"}
            return SimulatedRefusalError(fault, "Field required", detail=[problem])
        case "not_found":
            return SimulatedRefusalError(fault, "Not Found", detail="Not Found", status=404)
        case _:
            return SimulatedRefusalError(fault, "You have insufficient credits.")


def wait(scenario: Scenario) -> dict[str, str]:
    """The header that asks for patience, if the service sends one."""
    return {"retry-after": scenario.retry_after} if scenario.retry_after else {}
