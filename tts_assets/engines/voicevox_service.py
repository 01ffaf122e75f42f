"""What a VOICEVOX engine is asked over HTTP, and what its answers mean."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tts_assets.audio.expected_length import longest_seconds, shortest_seconds
from tts_assets.config.settings import time_limits
from tts_assets.engines.decode_response import fault, speech
from tts_assets.engines.error_body import one_line, words_of
from tts_assets.engines.http import transport
from tts_assets.engines.http.service_calls import RateLimitedError, ServiceRequest, TransientError
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.errors import ClipError, FatalError
from tts_assets.japanese.engine_notation import to_aquestalk
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tts_assets.engines.http.http_client import Client
    from tts_assets.engines.http.rate_limiter import Limiter
    from tts_assets.engines.http.service_calls import ServiceResponse
    from tts_assets.engines.http.service_connection import ServiceConnection
    from tts_assets.model import Pronunciation, Samples, SpokenForm, Voice

T = TypeVar("T")


#: The range of VOICEVOX's own editor; engines take more, and break at the ends.
SPEEDS = (0.5, 2.0)


#: What an engine says of itself needs no model, but for the first query of AivisSpeech.
_TOLD_SECONDS = 30.0


#: Styles of this type speak, the others sing; engines before 0.16 have no types.
_SPEAKS = "talk"


#: Whose voices they are, where an engine does not say.
_BRAND = "VOICEVOX"


#: Some text, to be told what a query looks like.
_ANYTHING = "ア"


#: More styles than that are not named in an error.
_NAMED = 5


#: In an address each kana takes nine bytes, and no more than 64 KiB are sent or taken.
_LONGEST = 6_000
_OK = 200
_NO_SUCH_PAGE = 404
_TOO_MANY = 429
_NOT_THIS = (400, 413, 414, 422)
_LATER = (408, 425)
_BROKEN = 500


#: No key is sent to an engine, so that none can come back.
_AS_IT_IS = str


class _Style(msgspec.Struct):
    """A manner of a speaker; the documents are of ``/speakers``."""

    name: str
    id: int
    type: str = _SPEAKS


class _Character(msgspec.Struct):
    """Whose manners they are."""

    name: str
    styles: list[_Style]


class _Manifest(msgspec.Struct):
    """What ``/engine_manifest`` tells of an engine."""

    brand_name: str = _BRAND


async def styles(client: Client, base_url: str) -> dict[str, VoiceInfo]:
    """The styles that an engine speaks in, by their ids.

    Their credit is the line that VOICEVOX's terms ask for, the product with the speaker's name.

    Raises:
        FatalError: no engine answers there.
    """
    characters = await _ask_engine(client, base_url, "speakers", list[_Character])
    brand = (await _ask_engine(client, base_url, "engine_manifest", _Manifest)).brand_name
    return {
        str(style.id): VoiceInfo(
            name=str(style.id),
            language="ja",
            description=one_line(f"{character.name}, {style.name}", _AS_IT_IS),
            credit=one_line(f"{brand}:{character.name}", _AS_IT_IS),
            speeds=SPEEDS,
        )
        for character in characters
        for style in character.styles
        if style.type == _SPEAKS
    }


async def query(client: Client, base_url: str, style: str) -> dict[str, Any]:
    """A query as an engine itself makes it, for all that is not told otherwise.

    Raises:
        FatalError: it makes none.
    """
    return await _ask_engine(
        client, base_url, "audio_query", dict[str, Any], {"text": _ANYTHING, "speaker": style}
    )


def no_style(name: str, offered: Mapping[str, VoiceInfo]) -> str:
    """What to say where an engine has no style of that id."""
    near = difflib.get_close_matches(name, offered, n=_NAMED, cutoff=0.0)
    told = "; ".join(f"{each} ({offered[each].description})" for each in near)
    more = len(offered) - len(near)
    rest = f" and {more} more: tts-assets voices --provider voicevox" if more else ""
    return f"the engine has no voice {name!r}; it has {told or 'none at all'}{rest}"


class VoicevoxSpeaker:
    """Speaks through an engine that is running."""

    def __init__(
        self,
        *,
        engine: ServiceConnection,
        read: Callable[[SpokenForm], Awaitable[Pronunciation]],
        styles: Mapping[str, VoiceInfo],
        query: Mapping[str, Any],
        timeout_seconds: float,
    ) -> None:
        """Speak.

        Args:
            engine: is asked.
            read: tells how a form is said.
            styles: by their ids, as the engine offers them.
            query: as the engine makes it.
            timeout_seconds: for each request, and every 100 characters of the text.
        """
        self._engine = engine
        self._read = read
        self._styles = styles
        self._query = query
        self._timeout_seconds = timeout_seconds

    @property
    def limiter(self) -> Limiter:
        """How many requests may be open."""
        return self._engine.limiter

    async def speak(
        self, form: SpokenForm, voice: Voice, *, on_start: Callable[[], None] | None = None
    ) -> Speech:
        """Say it: accent phrases of our kana, with the lengths and pitches of the style, as sound.

        Raises:
            ClipError: it cannot be said, or not in this style.
            FatalError: nothing can any more.
        """
        style = self._styles.get(voice.name)
        if style is None:
            raise ClipError(no_style(voice.name, self._styles))
        said = await self._read(form)
        kana = _limit_kana(to_aquestalk(said.phrases, form.text))
        seconds = self._timeout_seconds * time_limits(len(form.text))
        accent_phrases = await self._engine.ask(
            ServiceRequest(
                method="POST",
                path="accent_phrases",
                query={"text": kana, "speaker": style.name, "is_kana": "true"},
                seconds=seconds,
            ),
            _value,
            on_start,
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
                    # AivisSpeech takes the mood from how it is written; VOICEVOX passes it over.
                    "kana": form.text,
                },
                seconds=seconds,
            ),
            _sound,
            on_start,
        )
        shortest, longest = shortest_seconds(said, voice.speed), longest_seconds(said, voice.speed)
        if wrong := fault(samples, rate_hz, shortest=shortest, longest=longest):
            raise ClipError(wrong)
        return Speech(samples=samples, rate_hz=rate_hz, pronunciation=said, credit=style.credit)


def _limit_kana(kana: str) -> str:
    if len(kana) > _LONGEST:
        raise ClipError(
            f"its {len(kana)} kana and marks are more than an engine takes at once, which are "
            f"{_LONGEST}: split the text"
        )
    return kana


async def _ask_engine(
    client: Client,
    base_url: str,
    path: str,
    kind: type[T],
    asked: Mapping[str, str | int] | None = None,
) -> T:
    """What an engine says of itself, asked once."""
    method = "GET" if asked is None else "POST"
    request = ServiceRequest(method=method, path=path, query=asked, seconds=_TOLD_SECONDS)
    where = transport.redact_url(base_url)
    try:
        answer = await client.ask(request)
        _refuse(answer)
        return msgspec.json.decode(answer.body, type=kind)
    except (TransientError, ClipError) as exc:
        raise FatalError(
            f"no engine is ready at {where}: {exc}; start VOICEVOX, AivisSpeech or their engine "
            "alone, or set [voicevox] base-url to where one listens"
        ) from exc
    except (RateLimitedError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise FatalError(
            f"what answers at {where} is no VOICEVOX engine, by what it says under /{path}: set "
            "[voicevox] base-url to where one listens"
        ) from exc


def _value(answer: ServiceResponse) -> list[Any]:
    """The accent phrases of an answer."""
    _refuse(answer)
    value = answer.json()
    if not isinstance(value, list) or not value:
        raise TransientError("the answer was no accent phrases")
    return value


def _sound(answer: ServiceResponse) -> tuple[Samples, int]:
    """The samples of an answer, and how many there are in a second."""
    _refuse(answer)
    return speech(answer.body, answer.kind, pcm_rate_hz=None)


def _refuse(answer: ServiceResponse) -> None:
    """Raise what any answer means that is not what was asked for."""
    status = answer.status
    if status == _OK:
        return
    words = words_of(answer, _AS_IT_IS).message or "without a word"
    reason = f"the engine answers {status}: {words}"
    if status == _TOO_MANY:
        raise RateLimitedError(reason)
    if status >= _BROKEN or status in _LATER:
        raise TransientError.of(answer, reason)
    if status in _NOT_THIS:
        raise ClipError(reason)
    if status == _NO_SUCH_PAGE:
        raise FatalError(f"{reason}; set [voicevox] base-url to where an engine listens")
    raise FatalError(reason)
