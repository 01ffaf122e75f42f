"""ElevenLabs: natural voices of a paid service, asked for no more than its plan allows."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from tts_assets.config import keys
from tts_assets.config.settings import Switch
from tts_assets.engines import elevenlabs_speaker
from tts_assets.engines.elevenlabs_requests import (
    SPEEDS,
    check_voice_id,
    find_elevenlabs_model,
    problem_with,
    sound_fields,
)
from tts_assets.engines.elevenlabs_speaker import ElevenLabsSpeaker
from tts_assets.engines.http.http_client import refuse_unsafe
from tts_assets.engines.http.service_connection import Endpoint, connect_service
from tts_assets.engines.machine import READING, format_versions
from tts_assets.engines.protocol import Balance, Charge, VoiceInfo
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.engines.registry import list_named_voices
from tts_assets.errors import ClipError, FatalError, TtsAssetsError, UsageError
from tts_assets.japanese.engine_notation import spell_for_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tts_assets.config.keys import Secret
    from tts_assets.config.settings import Settings
    from tts_assets.engines.http.service_calls import RetryPolicy
    from tts_assets.engines.http.service_connection import ServiceConnection
    from tts_assets.model import DictionaryWord, SpokenForm

_NO_KEY = f"there is no API key: {keys.advice('elevenlabs')}"


class ElevenLabs:
    """The provider; it asks for nothing before it is opened.

    Readings are given to it as text: in kana, where the spelling may well be read otherwise. It
    takes no accents, and does not tell how it read.
    """

    name = "elevenlabs"
    # Over 59 words and sentences: 188 MiB of the dictionary's process and 29 MiB more in the run's
    # own, with 1, 5 and 20 requests at once alike; a second of sound is 0.15 MiB.
    # Over 8,000 words, 200 MiB of UniDic are mapped as well.
    base_mib = 420
    footprint_mib = 2

    def __init__(self, settings: Settings, *, patience: RetryPolicy | None = None) -> None:
        """Look for nothing yet.

        Args:
            settings: what is asked for.
            patience: how often requests are repeated; None for the usual.
        """
        self._settings = settings
        self._asked = settings.elevenlabs
        self._patience = patience
        self._told = ReadingCache()

    @property
    def model(self) -> str:
        """What prices go by."""
        return self._asked.model

    @property
    def max_concurrent(self) -> int:
        """What the settings allow; the plan may allow less."""
        return self._settings.remote.max_concurrent

    def problem(self) -> str | None:
        """None when there is a key.

        Raises:
            UsageError: what is asked for can never be had: a setting that the model refuses or
                ignores, a voice that can be none, an address that would show the key.
            FatalError: the keyring cannot be read.
        """
        self._check_settings()
        if self._api_key is None:
            return _NO_KEY
        self._check_endpoint()
        return None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices of the settings, without asking for them.

        Raises:
            UsageError: there are none, or one of them can be none.
        """
        wanted = list_named_voices(self._settings, self._asked.voices)
        if not wanted:
            raise UsageError(
                "elevenlabs has no voice of its own: tts-assets voices --provider elevenlabs lists "
                "those you may use; set --voice, or voices in [elevenlabs], to their ids"
            )
        return tuple(
            VoiceInfo(
                name=check_voice_id(name),
                language="ja",
                description="a voice of ElevenLabs",
                speeds=SPEEDS if find_elevenlabs_model(self._asked.model).speed else (1.0, 1.0),
            )
            for name in wanted
        )

    def engine(self, voice: str) -> str:  # noqa: ARG002 - all voices are of one engine
        """The model, all settings that can be heard, and what decides which text is sent."""
        fields = sound_fields(self._asked)
        fields |= fields.pop("voice_settings", {})
        fields["output_format"] = self._asked.output_format
        told = " ".join(f"{name}={value}" for name, value in fields.items())
        return f"elevenlabs {told} {format_versions(READING)}"

    def accents(self, voice: str) -> bool:  # noqa: ARG002 - see engine
        """Never: it takes none."""
        return False

    def repeats(self, voice: str) -> bool:  # noqa: ARG002 - see engine
        """Never: a seed only makes it likelier."""
        return False

    def wants_timestamps(self, *, is_requested: bool) -> bool:
        """Where a record takes the address of the time line, unless the settings say otherwise."""
        asked = self._asked.timestamps
        return is_requested if asked is Switch.AUTO else asked is Switch.ON

    async def listed(self) -> tuple[VoiceInfo, ...]:
        """The voices that this account may use.

        Raises:
            UsageError: there is no key, or the address would show it.
            FatalError: the service does not tell.
        """
        try:
            async with self._open_service() as asked:
                return await elevenlabs_speaker.list_account_voices(
                    asked, seconds=self._settings.timeout_seconds
                )
        except ClipError as exc:
            raise FatalError(f"the voices cannot be listed: {exc}") from exc

    async def charges(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Charge | str]:
        """The code points of what is sent, and the model's credits for them.

        Raises:
            FatalError: the dictionary cannot be used.
        """
        found: list[Charge | str] = []
        for form, said in zip(forms, await self._told.read(forms, words), strict=True):
            if isinstance(said, str):
                found.append(said)
            else:
                count = len(spell_for_engine(form, said))
                found.append(Charge(count, count * find_elevenlabs_model(self.model).credits))
        return found

    async def balance(self) -> Balance | str:
        """The credits that are left; the key may be allowed to speak, and not to tell them."""
        try:
            async with self._open_service() as asked:
                return await elevenlabs_speaker.fetch_balance(
                    asked, seconds=self._settings.timeout_seconds
                )
        except TtsAssetsError as exc:
            return str(exc)

    async def terms(self) -> str:
        """The model's limit and what it counts, as the service says now."""
        try:
            async with self._open_service() as asked:
                return await elevenlabs_speaker.fetch_terms(
                    asked, self.model, seconds=self._settings.timeout_seconds
                )
        except TtsAssetsError as exc:
            return str(exc)

    @asynccontextmanager
    async def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AsyncIterator[ElevenLabsSpeaker]:
        """Be ready to ask; the first request goes out with the first form.

        Raises:
            UsageError: there is no key, or as in `problem`.
        """
        self._check_settings()
        self._check_endpoint()
        most = max(1, min(workers, self.max_concurrent))
        async with self._open_service(most) as asked, self._told.open(words) as read:
            yield ElevenLabsSpeaker(
                asked,
                read,
                self._asked,
                workers=most,
                timeout_seconds=timeout_seconds,
            )

    def _check_settings(self) -> None:
        if problem := problem_with(self._asked, self._settings.speed):
            raise UsageError(problem)

    def _check_endpoint(self) -> None:
        self.voices()
        refuse_unsafe(self._asked.base_url, self._api_key)

    @cached_property
    def _api_key(self) -> Secret | None:
        settings = self._settings
        file = settings.key_file(self.name)
        return keys.find(self.name, file=file, given=settings.keys.get(self.name))

    @asynccontextmanager
    async def _open_service(self, most: int = 1) -> AsyncIterator[ServiceConnection]:
        key, settings = self._api_key, self._settings
        if key is None:
            raise UsageError(_NO_KEY)
        async with connect_service(
            Endpoint(
                base_url=self._asked.base_url,
                headers={"xi-api-key": key.reveal()},
                secret=key,
            ),
            most=most,
            per_second=settings.remote.rate_per_second,
            timeout_seconds=settings.timeout_seconds,
            patience=self._patience,
        ) as asked:
            yield asked
