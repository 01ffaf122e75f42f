"""OpenAI, and the many servers that are compatible with its ``POST /audio/speech``."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tts_assets.config import keys
from tts_assets.config.dictionary_words import price_for
from tts_assets.engines.http import http_client
from tts_assets.engines.http.http_client import open_client, refuse_unsafe
from tts_assets.engines.http.service_calls import ServiceRequest, TransientError
from tts_assets.engines.http.service_connection import Endpoint
from tts_assets.engines.machine import READING, format_versions
from tts_assets.engines.openai_messages import (
    ABSENT,
    BUILT_IN,
    OpenAISpeaker,
    to_openai_error,
    voices_in,
)
from tts_assets.engines.paid_purchases import TextService
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.engines.registry import list_named_voices
from tts_assets.errors import ClipError, FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tts_assets.config.settings import Settings
    from tts_assets.engines.http.service_calls import RetryPolicy
    from tts_assets.engines.protocol import Charge
    from tts_assets.model import DictionaryWord, SpokenForm


#: OpenAI requires a key, and charges for every request.
_HOST = "api.openai.com"

#: Where servers list their voices.
_VOICES = ("audio/voices", "voices")

#: The formats of OpenAI that libsndfile reads, unlike aac.
_FORMATS = ("wav", "flac", "mp3", "opus", "pcm")


class OpenAI(TextService):
    """The provider; servers report no readings, so theirs cannot be checked."""

    name = "openai"
    # 20 MiB in the run's own process with 1 as with 16 requests at once, and 97 for the dictionary.
    # Over 8,000 words, 200 MiB of UniDic are mapped as well.
    base_mib = 320
    footprint_mib = 1

    def __init__(self, settings: Settings, *, patience: RetryPolicy | None = None) -> None:
        """Connect to nothing yet; ``patience`` replaces the usual retry policy."""
        super().__init__(settings, settings.openai, patience)
        self._own = settings.openai

    def problem(self) -> str | None:
        """None where a server can be used; else that OpenAI's own needs a key.

        Raises:
            UsageError: impossible settings: an unreadable format, no voice, an address that is
                none or would expose the key.
            FatalError: the keyring cannot be read.
        """
        if self._own.response_format not in _FORMATS:
            raise UsageError(
                f"openai.response-format is {self._own.response_format!r}: "
                f"choose one of {', '.join(_FORMATS)}"
            )
        refuse_unsafe(self._own.base_url, self._api_key)
        self.voices()
        if self._api_key is None and self.is_openai:
            return f"OpenAI wants a key: {keys.advice(self.name)}"
        return None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices that the settings name; the server is not asked.

        Raises:
            UsageError: they name none.
        """
        names = list_named_voices(self._settings, self._own.voices)
        if not names:
            raise UsageError(
                "openai has no voice: name one by --voice, or several as voices in [openai]; "
                "tts-assets voices --provider openai lists those of the server, if it tells them"
            )
        return tuple(VoiceInfo(name=name, language="ja", description="") for name in names)

    async def listed(self) -> tuple[VoiceInfo, ...]:
        """The voices that the server lists; OpenAI's own, which it does not list, as documented.

        Raises:
            UsageError: the base URL is none, or the key cannot be used.
            FatalError: the server cannot be reached, or does not list its voices.
        """
        if self.is_openai:
            return BUILT_IN
        place, seconds = self._make_endpoint(), self._settings.timeout_seconds
        where = http_client.redact_url(place.base_url)
        try:
            async with open_client(
                place.base_url, headers=place.headers, secret=place.secret, most=1
            ) as client:
                for path in _VOICES:
                    asked = ServiceRequest(method="GET", path=path, seconds=seconds)
                    answer = await client.ask(asked)
                    if answer.status not in ABSENT:
                        break
                found = voices_in(answer.json(), client.redact) if answer.status == 200 else ()
        except (TransientError, ClipError) as exc:
            raise FatalError(f"{where} does not tell its voices: {exc}") from exc
        if not found and answer.status in (401, 403):
            raise to_openai_error(answer, model=self.model, hidden=client.redact, is_first=True)
        if not found:
            raise FatalError(
                f"{where} does not tell its voices ({answer.status}): look them up in its "
                "documentation, and name them as voices in [openai], or one by --voice"
            )
        return found

    def engine(self, voice: str) -> str:  # noqa: ARG002 - all voices are of one model
        """The model, its instructions, and the versions that decide which text is sent."""
        found = [f"openai model={self.model} response_format={self._own.response_format}"]
        if self._own.instructions:
            found.append(f"instructions={json.dumps(self._own.instructions, ensure_ascii=False)}")
        return " ".join([*found, format_versions(READING)])

    @asynccontextmanager
    async def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AsyncIterator[OpenAISpeaker]:
        """Prepare a connection; the first request is sent for the first clip.

        Raises:
            UsageError: as in ``problem``, or there is no key where one is needed.
            FatalError: as in ``problem``.
        """
        if problem := self.problem():
            raise UsageError(problem)
        most = max(1, min(workers, self.max_concurrent))
        async with (
            self._connect(most, timeout_seconds) as server,
            self._readings.open(words) as read,
        ):
            yield OpenAISpeaker(
                server, read, settings=self._own, workers=most, timeout_seconds=timeout_seconds
            )

    @property
    def is_openai(self) -> bool:
        """Whether the server is OpenAI's own."""
        try:
            return urlsplit(self._own.base_url).hostname == _HOST
        except ValueError:
            return False

    def _make_endpoint(self) -> Endpoint:
        key = self._api_key
        headers = {} if key is None else {"Authorization": f"Bearer {key.reveal()}"}
        return Endpoint(base_url=self._own.base_url, headers=headers, secret=key)


class PaidOpenAI(OpenAI):
    """The provider, where requests are charged."""

    async def charges(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Charge | str]:
        """The characters that are sent for each form, a credit each; see ``_count_charges``."""
        return await self._count_charges(forms, words, 1)

    async def balance(self) -> str:
        """Unknown: the API does not report it."""
        return "servers of this shape do not tell what is left"

    async def terms(self) -> str:
        """Unknown: the API does not report them."""
        return f"{self.model}: servers of this shape do not tell what it takes"


def openai(settings: Settings) -> OpenAI:
    """The provider, with charges for OpenAI, and any server with a known price or a cost limit."""
    is_bounded = settings.max_chars is not None or settings.max_cost is not None
    free = OpenAI(settings)
    is_priced = price_for(settings.prices, free.name, free.model) is not None
    return PaidOpenAI(settings) if free.is_openai or is_bounded or is_priced else free
