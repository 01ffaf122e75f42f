"""What the simulated service is like, as fields that JSON and the command line can set."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import msgspec

#: How an answer goes wrong after speech was made (and billed).
SPOKEN_FAULTS = {
    "reset": "the connection is reset before anything is sent",
    "reset_body": "the connection is reset in the middle of the body",
    "short": "the body ends before its content-length does",
    "cut_chunk": "a chunked body ends in the middle of a chunk",
    "half": "whole framing, the right headers, half of the samples",
    "trickle": "one byte of the body at a time",
    "gzip": "a content-encoding of gzip that cannot be unpacked",
}
#: How it goes wrong without speech; nothing is billed.
SILENT_FAULTS = {
    "hang": "no answer, ever",
    "html": "a page of HTML with status 200",
    "empty": "an empty body with status 200",
    "redirect": "a 307 to the same address",
    "redirect_away": "a 307 to another host name (localhost)",
    "error_500": "a 500 in the service's own shape",
    "error_503": "a 503 in the service's own shape",
    "bad_gateway": "a 502 with a gateway's page of HTML",
    "unprocessable": "a 422 whose detail is an array",
    "not_found": "a 404 whose detail is a bare string",
    "insufficient_credits": "a 402",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong with requests for speech that were let in.

    Args:
        kind: one of ``SPOKEN_FAULTS`` or ``SILENT_FAULTS``.
        share: with which probability, 0..1.
        count: how often at most; None for no end.
        marker: only for texts that contain this.
        first: only when a text is let in for the first time, so that asking again helps.
    """

    kind: str
    share: float = 1.0
    count: int | None = None
    marker: str = ""
    first: bool = False

    def __post_init__(self) -> None:
        """Refuse a kind that is none."""
        if self.kind not in SPOKEN_FAULTS | SILENT_FAULTS:
            known = ", ".join(SPOKEN_FAULTS | SILENT_FAULTS)
            raise ValueError(f"there is no fault {self.kind!r}, only {known}")


def _told(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Each field tells of itself in ``python -m tests.simulator --help``."""

    cap: int = field(
        default=5, metadata=_told("requests for speech at once, for each group of models; 0: any")
    )
    caps: dict[str, int] = field(
        default_factory=dict,
        metadata=_told('other caps by concurrency group, such as {"standard_eleven_v4": 2}'),
    )
    queue: bool = field(
        default=False, metadata=_told("what is over the cap waits for its turn, not refused")
    )
    refuse_seconds: float = field(default=0.24, metadata=_told("how long a 429 takes"))
    tell_concurrency: bool = field(
        default=True, metadata=_told("answers tell current and maximum concurrency in headers")
    )
    neighbour: tuple[tuple[int, float, float], ...] = field(
        default=(),
        metadata=_told("[[slots, from_second, to_second], ...] that somebody else holds"),
    )
    shrink: tuple[tuple[float, int], ...] = field(
        default=(), metadata=_told("[[second, cap], ...]: from that second on the cap is this")
    )
    latency_seconds: float = field(
        default=0.0, metadata=_told("median of the time that speech takes, lognormal; 0: none")
    )
    latency_sigma: float = field(default=0.3, metadata=_told("its sigma"))
    seed: int = field(default=0, metadata=_told("of all chance"))
    busy: float = field(default=0.0, metadata=_told("share of requests that meet 429 system_busy"))
    rate_per_second: int = field(
        default=0, metadata=_told("more in one second meet 429 rate_limit_exceeded; 0: any")
    )
    retry_after: str = field(
        default="",
        metadata=_told("Retry-After header of 429s for traffic and of 503; none if empty"),
    )
    quota: int | None = field(
        default=None, metadata=_told("credits there are in all; then 401 quota_exceeded")
    )
    key: str = field(
        default="sk_simulator", metadata=_told("the valid xi-api-key; empty: any key, or none")
    )
    revoke_after: int | None = field(
        default=None, metadata=_told("the keys are valid for so many requests")
    )
    openai_key: str = field(
        default="", metadata=_told("the valid Bearer key of /v1/audio/speech; empty: none is asked")
    )
    voices: int = field(default=3, metadata=_told("how many voices there are"))
    voice_settings: dict[str, dict[str, Any]] = field(
        default_factory=dict,
        metadata=_told(
            'settings stored with voices, such as {"Simulator00000000001": {"speed": 0.8}};'
            " what is left out has the service's default"
        ),
    )
    settings_readable: bool = field(
        default=True, metadata=_told("whether the key may read the settings of voices")
    )
    lists: tuple[str, ...] = field(
        default=("v1", "v2"), metadata=_told("the versions of /voices that there are")
    )
    timestamps: bool = field(
        default=True, metadata=_told("whether there is .../VOICE/with-timestamps")
    )
    subscription_readable: bool = field(
        default=True, metadata=_told("whether the key may read /v1/user/subscription")
    )
    history: Literal["on", "mp3", "off", "closed"] = field(
        default="on",
        metadata=_told(
            "whether the account keeps what it speaks; mp3: in that format, closed: the key may not read it"
        ),
    )
    speech: Literal["tones", "openjtalk"] = field(
        default="tones", metadata=_told("tones, or openjtalk: real speech by pyopenjtalk")
    )
    trickle_seconds: float = field(
        default=0.1, metadata=_told("between bytes of the fault trickle")
    )
    keep: int = field(default=2000, metadata=_told("how many requests are remembered as they came"))
    faults: tuple[Fault, ...] = field(
        default=(),
        metadata=_told(
            '[{"kind": ..., "share": 1.0, "count": null, "marker": "", "first": false}, ...]'
        ),
    )


def made(given: Mapping[str, Any], base: Scenario | None = None) -> Scenario:
    """A scenario with these fields, as JSON values.

    Args:
        given: fields by their names.
        base: has the other fields; the defaults if None.

    Raises:
        ValueError: there is no such field, or its value is none for it.
    """
    _no_others(given, Scenario)
    for fault in given.get("faults", ()):
        if isinstance(fault, Mapping):
            _no_others(fault, Fault)
    values = msgspec.to_builtins(base or Scenario())
    try:
        return msgspec.convert(values | dict(given), Scenario)
    except msgspec.ValidationError as exc:
        raise ValueError(str(exc)) from exc


def _no_others(given: Mapping[str, Any], kind: type[Scenario | Fault]) -> None:
    known = {each.name for each in fields(kind)}
    if others := sorted(set(given) - known):
        raise ValueError(f"there is no field {', '.join(others)} in {kind.__name__}")


def voice_id(number: int) -> str:
    """The identifier of a voice, counted from 1; 20 letters and digits as in the real service."""
    return f"Simulator{number:011d}"
