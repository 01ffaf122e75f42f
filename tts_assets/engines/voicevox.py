"""VOICEVOX and compatible engines such as AivisSpeech, which take pronunciations with accents in kana."""

from __future__ import annotations

import difflib
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tts_assets.audio.expected_length import compute_longest_seconds, compute_shortest_seconds
from tts_assets.config.settings import time_limits
from tts_assets.engines.decode_response import (
    decode_speech,
    find_length_fault,
    parse_error_body,
    to_redacted_line,
)
from tts_assets.engines.http import http_client
from tts_assets.engines.http.http_client import Endpoint, open_client, refuse_unsafe
from tts_assets.engines.http.service_calls import (
    RateLimitedError,
    RetryPolicy,
    ServiceRequest,
    TransientError,
)
from tts_assets.engines.http.service_connection import connect_service
from tts_assets.engines.machine import READING, find_missing_packages, format_versions
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.engines.registry import list_named_voices
from tts_assets.errors import ClipError, FatalError, UsageError, format_command
from tts_assets.japanese.engine_notation import to_aquestalk
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from tts_assets.config.settings import Settings
    from tts_assets.engines.http.http_client import Client
    from tts_assets.engines.http.service_calls import ServiceResponse
    from tts_assets.engines.http.service_connection import ServiceConnection
    from tts_assets.engines.protocol import RestartTimer
    from tts_assets.model import DictionaryWord, Pronunciation, Samples, SpokenForm, Voice

T = TypeVar("T")

#: The range of VOICEVOX's own editor; engines accept more, but fail at the extremes.
SPEEDS = (0.5, 2.0)

#: Listing voices needs no model, except for the first query of AivisSpeech.
_DESCRIBE_SECONDS = 30.0

#: The type of speaking styles, as opposed to singing ones; engines before 0.16 have no types.
_SPEAKS = "talk"

_MAX_LISTED_STYLES = 5  #: the maximum of styles listed in an error
_MAX_KANA = 6_000  #: a kana takes nine bytes in a URL, and URLs are limited to 64 KiB
_redact = str  #: engines get no key, so there is nothing to redact


class _Style(msgspec.Struct):
    """A style of a speaker, in the response of ``/speakers``."""

    name: str
    id: int
    type: str = _SPEAKS


class _Character(msgspec.Struct):
    name: str
    styles: list[_Style]


class _Manifest(msgspec.Struct):
    brand_name: str = "VOICEVOX"


async def list_styles(client: Client, base_url: str) -> dict[str, VoiceInfo]:
    """The speaking styles of an engine, by id, with the credit that VOICEVOX's terms require.

    Raises:
        FatalError: no engine responds at the URL.
    """
    characters = await _request_once(client, base_url, "speakers", list[_Character])
    brand = (await _request_once(client, base_url, "engine_manifest", _Manifest)).brand_name
    return {
        str(style.id): VoiceInfo(
            name=str(style.id),
            language="ja",
            description=to_redacted_line(f"{character.name}, {style.name}", _redact),
            credit=to_redacted_line(f"{brand}:{character.name}", _redact),
            speeds=SPEEDS,
        )
        for character in characters
        for style in character.styles
        if style.type == _SPEAKS
    }


def describe_missing_style(name: str, offered: Mapping[str, VoiceInfo]) -> str:
    """The error message for an id that an engine does not have."""
    shown_styles = difflib.get_close_matches(name, offered, n=_MAX_LISTED_STYLES, cutoff=0.0)
    names = "; ".join(f"{each} ({offered[each].description})" for each in shown_styles)
    more = len(offered) - len(shown_styles)
    rest = f" and {more} more: tts-assets voices --provider voicevox" if more else ""
    return f"the engine has no voice {name!r}; it has {names or 'none at all'}{rest}"


class VoicevoxSpeaker:
    """A running engine, connected for one run."""

    def __init__(
        self,
        *,
        engine: ServiceConnection,
        read: Callable[[SpokenForm], Awaitable[Pronunciation]],
        styles: Mapping[str, VoiceInfo],
        query: Mapping[str, Any],
        timeout_seconds: float,
    ) -> None:
        """Use a connection with the engine's styles and its default query."""
        self.limiter = engine.limiter
        self._engine = engine
        self._read = read
        self._styles = styles
        self._query = query
        self._timeout_seconds = timeout_seconds

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: RestartTimer = None
    ) -> Speech:
        """Synthesize a form: request accent phrases for its kana, then audio for these.

        Raises:
            ClipError: it cannot be synthesized, or not in this style.
            FatalError: no further request can succeed.
        """
        style = self._styles.get(voice.name)
        if style is None:
            raise ClipError(describe_missing_style(voice.name, self._styles))
        reading = await self._read(form)
        kana = to_aquestalk(reading.phrases, form.text)
        if len(kana) > _MAX_KANA:
            raise ClipError(
                f"its {len(kana)} kana and marks exceed the engine's limit of {_MAX_KANA}: "
                "split the text"
            )
        seconds = self._timeout_seconds * time_limits(len(form.text))
        accent_phrases = await self._engine.ask(
            ServiceRequest(
                method="POST",
                path="accent_phrases",
                query={"text": kana, "speaker": style.name, "is_kana": "true"},
                seconds=seconds,
            ),
            _parse_phrases,
            restart_timer,
        )
        samples, rate_hz = await self._engine.ask(
            ServiceRequest(
                method="POST",
                path="synthesis",
                query={"speaker": style.name, "enable_interrogative_upspeak": "true"},
                json={
                    **self._query,
                    "accent_phrases": accent_phrases,
                    "speedScale": voice.speed,
                    "outputStereo": False,
                    # AivisSpeech infers the mood from the spelling; VOICEVOX ignores it.
                    "kana": form.text,
                },
                seconds=seconds,
            ),
            _parse_samples,
            restart_timer,
        )
        shortest = compute_shortest_seconds(reading, voice.speed)
        longest = compute_longest_seconds(reading, voice.speed)
        if fault := find_length_fault(samples, rate_hz, shortest=shortest, longest=longest):
            raise ClipError(fault)
        return Speech(samples=samples, rate_hz=rate_hz, pronunciation=reading, credit=style.credit)


async def _request_once(
    client: Client,
    base_url: str,
    path: str,
    response_type: type[T],
    query: Mapping[str, str | int] | None = None,
) -> T:
    """Request data of the engine, without retries."""
    method = "GET" if query is None else "POST"
    request = ServiceRequest(method=method, path=path, query=query, seconds=_DESCRIBE_SECONDS)
    shown_url = http_client.redact_url(base_url)
    try:
        response = await client.ask(request)
        _check_response(response)
        return msgspec.json.decode(response.body, type=response_type)
    except (TransientError, ClipError) as exc:
        raise FatalError(
            f"no engine responds at {shown_url}: {exc}; start VOICEVOX, AivisSpeech or one of "
            "their engines, or set [voicevox] base-url to its address"
        ) from exc
    except (RateLimitedError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise FatalError(
            f"the server at {shown_url} is not a VOICEVOX engine, according to its /{path}: set "
            "[voicevox] base-url to the address of one"
        ) from exc


def _parse_phrases(response: ServiceResponse) -> list[Any]:
    _check_response(response)
    value = response.json()
    if not isinstance(value, list) or not value:
        raise TransientError("the response contained no accent phrases")
    return value


def _parse_samples(response: ServiceResponse) -> tuple[Samples, int]:
    """The samples of a response, and their rate."""
    _check_response(response)
    return decode_speech(response.body, response.media_type, pcm_rate_hz=None)


def _check_response(response: ServiceResponse) -> None:
    """Raise the error for an unsuccessful response."""
    status = response.status
    if status == 200:
        return
    message = parse_error_body(response, _redact).message or "without a word"
    reason = f"the engine responds with {status}: {message}"
    if status == 429:
        raise RateLimitedError(reason)
    if status >= 500 or status in (408, 425):
        raise TransientError.from_response(response, reason)
    if status in (400, 413, 414, 422):
        raise ClipError(reason)
    raise FatalError(f"{reason}; set [voicevox] base-url to the address of an engine")


#: Style ids; AivisSpeech's are 32-bit integers, which may be negative.
_ID = re.compile(r"0|-?[1-9][0-9]{0,9}")

#: A local engine restarts soon or not at all; until then, clips wait rather than fail.
_RETRY_POLICY = RetryPolicy(
    attempts=4,
    unpaid_attempts=7,
    first_seconds=1.0,
    longest_seconds=30.0,
    jitter_seconds=0.5,
    fruitless_seconds=60.0,
)
_LIST = "tts-assets voices --provider voicevox lists them"


class Voicevox:
    """The provider; voices are styles, named by their ids.

    The engine is a separate program, on this machine or another, which has to be running. It gets the
    resolved reading: morae, accents, pauses, devoiced vowels, questions. AivisSpeech uses only the
    morae and accents, and has its own intonation of questions.
    """

    name = "voicevox"
    #: Measured over 444 clips: the run and the dictionary's process, at most 288 MiB together.
    # In a run over 8,000 words, mapped pages of UniDic add 200 MiB.
    base_mib = 490
    footprint_mib = 5

    def __init__(self, settings: Settings) -> None:
        """Don't connect yet."""
        own = settings.voicevox
        self._speed = settings.speed
        self._remote = settings.remote
        self._place = Endpoint(base_url=own.base_url, headers={})
        self._names = list_named_voices(settings, own.voices)
        self._needed = list_named_voices(settings, () if settings.voice else own.voices[:1])
        self._readings = ReadingCache()

    @property
    def max_concurrent(self) -> int:
        """The maximum of open requests by the settings."""
        return self._remote.max_concurrent

    def problem(self) -> str | None:
        """None if the settings are valid; otherwise the remedy. Sends no request."""
        if absent := find_missing_packages(READING):
            return f"{', '.join(absent)} not installed: {format_command('setup', 'openjtalk')}"
        low, high = SPEEDS
        if not low <= self._speed <= high:
            return f"it speaks at {low:g} to {high:g} times its own pace: set a speed in that range"
        try:
            refuse_unsafe(self._place.base_url, None)
        except UsageError as exc:
            return f"[voicevox] {exc}"
        return None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices that the settings name, the default one first, without a request.

        Raises:
            UsageError: there are none, or one is invalid.
        """
        if not self._names:
            raise UsageError(
                "no voice is set for voicevox: write the id of a style into [voicevox] "
                f"voices or after --voice; {_LIST}"
            )
        for name in self._names:
            if not _ID.fullmatch(name):
                raise UsageError(
                    f"voicevox has no voice {name!r}: write the id of a style, a number; {_LIST}"
                )
        return tuple(
            VoiceInfo(name=name, language="ja", description=f"style {name}", speeds=SPEEDS)
            for name in self._names
        )

    async def listed(self) -> tuple[VoiceInfo, ...]:
        """Request the speaking styles of the engine.

        Raises:
            UsageError: the base URL is invalid.
            FatalError: no engine responds at the URL.
        """
        endpoint = self._place
        async with open_client(endpoint, most=self.max_concurrent) as client:
            return tuple((await list_styles(client, endpoint.base_url)).values())

    def engine(self, voice: str) -> str:
        """The style, and the dictionary with its version.

        It omits the engine's version, which is unknown before synthesis, so a plan is the same on
        every machine. Only ``--force`` regenerates clips of another version.
        """
        return f"voicevox style={voice} {format_versions(READING)}"

    def accents(self, voice: str) -> bool:  # noqa: ARG002 - the same holds for all
        """Always."""
        return True

    def repeats(self, voice: str) -> bool:  # noqa: ARG002 - see accents
        """False: not reliable.

        VOICEVOX is deterministic on a CPU, as far as its author knows (VOICEVOX/voicevox_engine,
        issue 558), but maybe not on a GPU; AivisSpeech draws random numbers. No engine reports
        which case applies.
        """
        return False

    @asynccontextmanager
    async def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AsyncIterator[VoicevoxSpeaker]:
        """Connect to the engine.

        Raises:
            UsageError: the base URL is invalid, or the engine lacks a style of the settings.
            FatalError: no engine responds at the URL.
        """
        endpoint = self._place
        most = min(workers, self.max_concurrent)
        async with (
            connect_service(
                endpoint,
                most=most,
                per_second=self._remote.rate_per_second,
                timeout_seconds=timeout_seconds,
                retry_policy=_RETRY_POLICY,
            ) as engine,
            self._readings.open(words) as read,
        ):
            offered = await list_styles(engine.client, endpoint.base_url)
            for name in self._needed:
                if name not in offered:
                    raise UsageError(describe_missing_style(name, offered))
            # Any text, to get the default query.
            example: dict[str, str | int] = {"text": "ア", "speaker": self._needed[0]}
            query = await _request_once(
                engine.client, endpoint.base_url, "audio_query", dict[str, Any], example
            )
            yield VoicevoxSpeaker(
                engine=engine,
                read=read,
                styles=offered,
                query=query,
                timeout_seconds=timeout_seconds,
            )
