"""VOICEVOX, and engines of its shape such as AivisSpeech: told every sound and accent in kana."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tts_assets.engines.engine_choice import list_named_voices
from tts_assets.engines.http.http_client import connect, refuse_unsafe
from tts_assets.engines.http.service_calls import RetryPolicy
from tts_assets.engines.http.service_connection import Endpoint, service
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.engines.versions import READING, find_missing_packages, parts
from tts_assets.engines.voicevox_service import SPEEDS, VoicevoxSpeaker, no_style, query, styles
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tts_assets.config.settings import Settings
    from tts_assets.model import DictionaryWord


#: Ids of styles; AivisSpeech's are whole numbers of 32 bits, which may be below 0.
_ID = re.compile(r"0|-?[1-9][0-9]{0,9}")


#: An engine nearby is back soon or not at all; until it is given up, clips wait rather than fail.
_PATIENCE = RetryPolicy(
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

    The engine is another program, on this machine or elsewhere, which has to be running. It is
    told what the reading guard has settled: every sound, where the pitch falls, pauses, whispered
    vowels, questions. AivisSpeech takes the sounds and accents of that, and its own way to ask.
    """

    name = "voicevox"
    #: Measured over 444 clips: the run and the dictionary's process, at most 288 MiB together.
    # Over 8,000 words, 200 MiB of UniDic are mapped as well.
    base_mib = 490
    footprint_mib = 5

    def __init__(self, settings: Settings) -> None:
        """Take note of where the engine is, and who is to speak."""
        own = settings.voicevox
        self._speed = settings.speed
        self._remote = settings.remote
        self._place = Endpoint(base_url=own.base_url, headers={})
        self._names = list_named_voices(settings, own.voices)
        self._needed = list_named_voices(settings, () if settings.voice else own.voices[:1])
        self._told = ReadingCache()

    @property
    def max_concurrent(self) -> int:
        """How many requests the settings allow at once."""
        return self._remote.max_concurrent

    def problem(self) -> str | None:
        """None when it may be tried, else what to do; the engine is not asked."""
        if absent := find_missing_packages(READING):
            return f"{', '.join(absent)} not installed: pip install tts-assets"
        low, high = SPEEDS
        if not low <= self._speed <= high:
            return f"it speaks at {low:g} to {high:g} times its pace: set a speed in there"
        try:
            refuse_unsafe(self._place.base_url, None)
        except UsageError as exc:
            return f"[voicevox] {exc}"
        return None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Those that the settings name, the default one first; the engine is not asked.

        Raises:
            UsageError: they name none, or one that is no id.
        """
        if not self._names:
            raise UsageError(
                "voicevox has no voice yet: write the id of a style in [voicevox] voices or after "
                f"--voice; {_LIST}"
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
        """The styles that speak, by asking the engine.

        Raises:
            UsageError: the address is none.
            FatalError: no engine answers there.
        """
        place = self._place
        async with connect(
            place.base_url, headers=place.headers, secret=place.secret, most=self.max_concurrent
        ) as client:
            return tuple((await styles(client, place.base_url)).values())

    def engine(self, voice: str) -> str:
        """The style, and the dictionary with its version.

        Not the version of the engine, which is not asked before something is to be said: a plan is
        the same wherever it is made. Clips of another version are remade by ``--force`` only.
        """
        return f"voicevox style={voice} {parts(READING)}"

    def accents(self, voice: str) -> bool:  # noqa: ARG002 - all are told theirs
        """Always."""
        return True

    def repeats(self, voice: str) -> bool:  # noqa: ARG002 - see accents
        """Not to be relied on.

        VOICEVOX does on a CPU, as far as its author knows (VOICEVOX/voicevox_engine, issue 558), on
        a GPU it may not, AivisSpeech draws random numbers; and none tells which it is.
        """
        return False

    @asynccontextmanager
    async def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AsyncIterator[VoicevoxSpeaker]:
        """Meet the engine.

        Raises:
            UsageError: the address is none, or the engine lacks a style that is to speak.
            FatalError: no engine answers there.
        """
        place = self._place
        most = min(workers, self.max_concurrent)
        async with (
            service(
                place,
                most=most,
                per_second=self._remote.rate_per_second,
                timeout_seconds=timeout_seconds,
                patience=_PATIENCE,
            ) as engine,
            self._told.open(words) as read,
        ):
            offered = await styles(engine.client, place.base_url)
            for name in self._needed:
                if name not in offered:
                    raise UsageError(no_style(name, offered))
            yield VoicevoxSpeaker(
                engine=engine,
                read=read,
                styles=offered,
                query=await query(engine.client, place.base_url, self._needed[0]),
                timeout_seconds=timeout_seconds,
            )
