"""ElevenLabs: the provider of a paid service with natural voices."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from tts_assets.config import keys
from tts_assets.config.settings import ElevenLabsSettings, Switch
from tts_assets.engines import elevenlabs_speaker
from tts_assets.engines.elevenlabs_requests import (
    SPEEDS,
    check_voice_id,
    find_elevenlabs_model,
    problem_with,
    sound_fields,
)
from tts_assets.engines.elevenlabs_speaker import ElevenLabsSpeaker
from tts_assets.engines.http.http_client import Endpoint, refuse_unsafe
from tts_assets.engines.machine import IMPOSED_MELODY, READING, format_versions
from tts_assets.engines.paid_purchases import TextService
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.errors import ClipError, FatalError, TtsAssetsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tts_assets.config.settings import Settings
    from tts_assets.engines.http.service_calls import RetryPolicy
    from tts_assets.engines.protocol import Balance, Charge
    from tts_assets.model import DictionaryWord, SpokenForm

T = TypeVar("T")

_NO_KEY = f"there is no API key: {keys.advice('elevenlabs')}"


class ElevenLabs(TextService[ElevenLabsSettings, ElevenLabsSpeaker]):
    """The provider; it does not connect before it is opened."""

    name = "elevenlabs"
    # Over 59 words and sentences: 188 MiB for the dictionary's process and 29 MiB more in the run's
    # own, equal with 1, 5 and 20 open requests; a second of audio takes 0.15 MiB.
    # In a run over 8,000 words, mapped pages of UniDic add 200 MiB.
    base_mib = 420
    footprint_mib = 2
    _speaker_type = ElevenLabsSpeaker

    def __init__(self, settings: Settings, *, retry_policy: RetryPolicy | None = None) -> None:
        """Don't connect yet; ``retry_policy`` replaces the default."""
        super().__init__(settings, settings.elevenlabs, retry_policy)

    def problem(self) -> str | None:
        """None if there is a key; otherwise the problem and its remedy.

        Raises:
            UsageError: invalid settings: one that the model refuses or ignores, an invalid
                voice, a base URL that would expose the key.
            FatalError: the keyring cannot be read.
        """
        if problem := problem_with(self._own, self._settings.speed):
            raise UsageError(problem)
        if self._api_key is None:
            return _NO_KEY
        self.voices()
        refuse_unsafe(self._own.base_url, self._api_key)
        return None

    def _describe_voice(self, name: str) -> VoiceInfo:
        return VoiceInfo(
            name=check_voice_id(name),
            language="ja",
            description="a voice of ElevenLabs",
            speeds=SPEEDS if find_elevenlabs_model(self._own.model).speed else (1.0, 1.0),
        )

    def engine(self, voice: str) -> str:
        """The model, all settings that change the audio, and the versions that determine the text."""
        fields = sound_fields(self._own)
        fields |= fields.pop("voice_settings", {})
        fields["output_format"] = self._own.output_format
        values = " ".join(f"{name}={value}" for name, value in fields.items())
        if self.accents(voice):
            values += f" {IMPOSED_MELODY}"
        return f"elevenlabs {values} {format_versions(READING)}"

    def wants_timestamps(self, *, is_requested: bool) -> bool:
        """Whether to request timestamps: as the settings say, or else if a record has a field for them."""
        switch = self._own.timestamps
        return is_requested if switch is Switch.AUTO else switch is Switch.ON

    async def listed(self) -> tuple[VoiceInfo, ...]:
        """Request the voices that this account may use.

        Raises:
            UsageError: there is no key, or the base URL would expose it.
            FatalError: the service does not list them.
        """
        try:
            async with self._connect() as service:
                return await elevenlabs_speaker.list_account_voices(
                    service, seconds=self._settings.timeout_seconds
                )
        except ClipError as exc:
            raise FatalError(f"the voices cannot be listed: {exc}") from exc

    async def charges(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Charge | str]:
        """The code points to send and the model's credits for them; see ``_count_charges``."""
        return await self._count_charges(forms, words, find_elevenlabs_model(self.model).credits)

    async def balance(self) -> Balance | str:
        """Request the remaining credits; a key may lack the permission to read them."""
        return await self._describe_account(elevenlabs_speaker.fetch_balance)

    async def terms(self) -> str:
        """Request the model's current limit and costs."""
        fetch_terms = partial(elevenlabs_speaker.fetch_terms, name=self.model)
        return await self._describe_account(fetch_terms)

    async def _describe_account(self, fetch: Callable[..., Awaitable[T]]) -> T | str:
        try:
            async with self._connect() as service:
                return await fetch(service, seconds=self._settings.timeout_seconds)
        except TtsAssetsError as exc:
            return str(exc)

    def _make_endpoint(self) -> Endpoint:
        key = self._api_key
        if key is None:
            raise UsageError(_NO_KEY)
        headers = {"xi-api-key": key.reveal()}
        return Endpoint(base_url=self._own.base_url, headers=headers, secret=key)
