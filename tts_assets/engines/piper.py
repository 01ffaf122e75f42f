"""Piper: voices in files of their own, spoken by a library under the GPL that nothing else loads.

A real voice draws chance inside its model, by the two noise scales of its configuration, and is
spoken as its makers set them: without chance it sounds flat. Such a voice has ``noise=random`` among
its parts, for no two runs sound quite the same. One whose scales are both 0 gives equal bytes for
equal input; so does a model that draws no chance.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.config.settings import Device
from tts_assets.engines import onnx
from tts_assets.engines.models.model_cache import ModelCache
from tts_assets.engines.models.model_validation import sha256_of
from tts_assets.engines.piper_voices import voices_in
from tts_assets.engines.process.supervisor import engine_host, silence
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.engines.versions import READING, find_missing_packages, parts
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.settings import Settings
    from tts_assets.engines.piper_voices import Offered, VoiceDirectory
    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.model import DictionaryWord


#: espeak is inside the wheel of piper-tts.
_PARTS = ("piper-tts", "onnxruntime")


class Piper:
    """The provider; nothing native is loaded into this process."""

    name = "piper"
    # Peaks of the engine with a voice of the usual size (medium: 16.4 million random weights,
    # exported from the model code in piper-tts) over 60 words and 10 sentences of 4 s: 433 MiB with
    # one thread, 558 with two. Together with the process of the run, 493 to 556 MiB were seen with
    # one. There are never more threads than cores.
    # Over 8,000 words, 200 MiB of UniDic are mapped as well.
    base_mib = 620
    footprint_mib = 115

    def __init__(self, settings: Settings) -> None:
        """Look for nothing yet."""
        self._store = ModelCache.of(settings.models)
        given = settings.piper.voices
        self._folder = Path(given).expanduser() if given else self._store.piper_voices_folder()
        self._is_given = given is not None
        self._wanted = settings.voice
        self._device = settings.device
        self._engines: dict[str, str] = {}

    def problem(self) -> str | None:
        """None when packages, device and voices are here, else what is missing and what to do."""
        voices = self._problem_with_voices()
        if absent := find_missing_packages(_PARTS):
            install = (
                f"{', '.join(absent)} not installed: pip install 'tts-assets[piper]' "
                "(piper-tts is under GPL-3.0-or-later)"
            )
            return install if voices is None else f"{install}; {voices}"
        return onnx.problem_with(self._device) or voices

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices in the folder that can be used, Japanese ones first."""
        return tuple(
            VoiceInfo(name=name, language=each.file.language, description=_description(each))
            for name, each in self._shelf.offered.items()
        )

    def engine(self, voice: str) -> str:
        """Library and runtime with their versions, the voice by its hashes, and what reads for it.

        Raises:
            UsageError: the voice is not there, or its model is no ONNX file.
        """
        if voice not in self._engines:
            self._engines[voice] = self._parts_of(voice)
        return self._engines[voice]

    def accents(self, voice: str) -> bool:
        """Only a voice of the Japanese kind is told them; espeak takes none."""
        offered = self._shelf.offered.get(voice)
        return offered is not None and offered.file.has_accents

    def repeats(self, voice: str) -> bool:
        """Not if its model draws chance, and its configuration lets that be heard.

        Raises:
            UsageError: as for ``engine``.
        """
        file = self._shelf.voice(voice).file
        return not (file.is_noisy and onnx.is_random(file.model))

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[EngineHost]:
        """Start the engine's process with that many threads; they share one session per voice."""
        first = self._wanted or next(iter(self._shelf.offered), "")
        return engine_host(
            "tts_assets.engines.piper_engine:PiperEngine",
            threads=onnx.threads(workers),
            silence_seconds=silence(timeout_seconds),
            options={"voices": str(self._folder), "voice": first, "device": self._device},
            words=words,
        )

    @functools.cached_property
    def _shelf(self) -> VoiceDirectory:
        """Read once: a run has the voices that it began with."""
        return voices_in(self._folder)

    def _problem_with_voices(self) -> str | None:
        """What keeps the voice that was asked for, or the first one, from being used."""
        offered, faults = self._shelf
        wanted = (self._wanted or "").partition("#")[0]
        if wanted in faults or (faults and not offered):
            return faults.get(wanted) or next(iter(faults.values()))
        chosen = offered.get(self._wanted or "") or next(iter(offered.values()), None)
        if chosen and (self._wanted or chosen.file.is_japanese):
            return _problem_with_model(chosen.file.model)
        of_japanese = (fault for name, fault in faults.items() if name.startswith("ja"))
        return next(of_japanese, None) or self._no_voice(others=bool(offered))

    def _no_voice(self, *, others: bool) -> str:
        """What to do where no voice, or none but others, can speak Japanese."""
        what = "Japanese voice" if others else "voice"
        instead = ", or choose another by --voice" if others else ""
        where = f"in {self._folder} " if self._is_given else ""
        return (
            f"there is no {what} {where}yet: tts-assets models fetch ja_JP-hi_fi_captain-medium, or "
            f"name a folder that has NAME.onnx and NAME.onnx.json as voices in [piper]{instead}"
        )

    def _parts_of(self, voice: str) -> str:
        """All that can change how a voice sounds.

        Raises:
            UsageError: as for ``engine``.
        """
        file = self._shelf.voice(voice).file
        try:
            hashes = [sha256_of(path, self._store.folder) for path in (file.model, file.beside)]
        except OSError as exc:
            raise UsageError(f"the voice {file.model} cannot be read: {exc.strerror}") from exc
        found = [parts(_PARTS), "model={} config={}".format(*hashes)]
        if self._device != Device.CPU:
            found.append(f"device={self._device}")
        if not self.repeats(voice):
            found.append("noise=random")
        if file.is_japanese:
            found.append(parts(READING))
        return " ".join(found)


def _problem_with_model(path: Path) -> str | None:
    """What shows of a damaged model before it is loaded."""
    try:
        onnx.is_random(path)
    except UsageError as exc:
        return str(exc)
    return None


def _description(offered: Offered) -> str:
    configuration = offered.file.configuration
    found = [f"{configuration.audio.quality} quality"] if configuration.audio.quality else []
    if offered.speaker is not None:
        found.append(f"speaker {offered.speaker + 1} of {configuration.num_speakers}")
    return ", ".join([*found, f"{configuration.audio.sample_rate} Hz"])
