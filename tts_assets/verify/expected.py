"""What an asset should sound like, by its line in the ledger."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

from tts_assets import providers
from tts_assets.checks import Expected, Paces
from tts_assets.domain import AccentBasis, Basis, Format, Pronunciation, Sound
from tts_assets.errors import TtsAssetsError
from tts_assets.japanese.notation import parse_accent_phrases

if TYPE_CHECKING:
    from tts_assets.ledger import Line
    from tts_assets.settings import Settings

#: The fields that the words of a line's sound are for, by the names of the settings.
_SOUND_FIELDS = {
    "format": ("format", Format),
    "rate": ("rate_hz", int),
    "lufs": ("lufs", float),
    "peak": ("peak_dbtp", float),
    "lead": ("lead_ms", int),
    "trail": ("trail_ms", int),
    "bitrate": ("bitrate_kbps", int),
    "vorbis-quality": ("vorbis_quality", float),
}


class AccentSupport:
    """Tells whether voices say the accents that they are given; each engine is asked once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, bool] = {}

    def has_accent_control(self, voice: str) -> bool:
        """Whether one does; ``voice``: its provider and its name."""
        if voice not in self._known:
            provider, _, name = voice.partition("/")
            try:
                said = providers.get(provider, self._settings).accents(name)
            except TtsAssetsError:
                # An engine that is not here now: nobody knows what it did with them.
                said = False
            self._known[voice] = said
        return self._known[voice]


class ExpectationBuilder:
    """Tells what is expected of assets."""

    def __init__(self, settings: Settings, paces: Paces) -> None:
        self._settings = settings
        self._paces = paces
        self._accents = AccentSupport(settings)

    def build_expected(self, line: Line | None) -> Expected:
        """What a line tells of its asset; without one, no more than that it is sound."""
        own = self._settings.sound
        if line is None:
            return Expected(sound=own, pronunciation=None, speed=1.0, voice="", says_accents=False)
        pauses = tuple(
            max(0, round((after.begin - before.end) * 1000))
            for before, after in pairwise(line.cues)
        )
        return Expected(
            sound=parse_sound(line.sound, own),
            pronunciation=_build_pronunciation(line),
            # Somebody may have written into the ledger.
            speed=line.speed if line.speed > 0 else 1.0,
            # Several together are like none of them.
            voice=line.voice
            if {each[1:] for each in line.speakers} <= {_own_speaker(line)}
            else "",
            # Those of a passage were held against its segments when it was made.
            says_accents=not line.cues and self._accents.has_accent_control(line.voice),
            pauses_ms=pauses,
            pace=self._paces.of(line.voice, line.engine, line.speed),
        )


def parse_sound(words: str, own: Sound) -> Sound:
    """The sound that ``plan.sound_words`` wrote; what it does not tell is as in ``own``."""
    told = {field: getattr(own, field) for field, _ in _SOUND_FIELDS.values()}
    for word in words.split():
        name, _, value = word.partition("=")
        if name in _SOUND_FIELDS:
            field, kind = _SOUND_FIELDS[name]
            # Somebody may have written into the ledger.
            with suppress(ValueError):
                told[field] = kind(value)
    return Sound(**told)


def _build_pronunciation(line: Line) -> Pronunciation | None:
    phrases = parse_accent_phrases(line.spoken)
    if not phrases:
        return None
    basis = Basis(line.basis) if line.basis in set(Basis) else Basis.UNCHECKED
    # Lines do not tell where an accent came from; whether it is said, the voice tells.
    return Pronunciation(phrases=phrases, basis=basis, accent_basis=AccentBasis.DICTIONARY)


def _own_speaker(line: Line) -> tuple[str, float]:
    return line.voice, line.speed
