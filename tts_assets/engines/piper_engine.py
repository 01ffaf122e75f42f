"""Piper in its process: one session for each voice, shared by all threads, and the dictionary."""

from __future__ import annotations

import json
import threading
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from piper import PiperConfig, PiperVoice, SynthesisConfig

from tts_assets.config.settings import AccentControl
from tts_assets.engines import onnx_models
from tts_assets.engines.imposed_accents import AccentImposer, is_asking_word
from tts_assets.engines.piper import voices_in
from tts_assets.errors import ClipError, UsageError
from tts_assets.japanese import engine_notation
from tts_assets.japanese.accent_notation import doubt_accents, drop_accents
from tts_assets.japanese.analysis import expand_small_kana, to_accent_phrases
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import Speech, split_morae
from tts_assets.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tts_assets.engines.piper import OfferedVoice, VoiceFile
    from tts_assets.japanese.reading_resolver import FormReading
    from tts_assets.model import DictionaryWord, Phrase, Pronunciation, SpokenForm, Voice


#: Silence between sentences: the default of Piper's own program (piper.hpp of rhasspy/piper:
#: sentenceSilenceSeconds).
_PAUSE_SECONDS = 0.2

#: Each takes 2 MB in a medium voice; this many are 3 minutes of audio.
_MOST_PHONEMES = 2_000
_INPUTS = frozenset({"input", "input_lengths", "scales"})

#: Prefixes of Unicode names of letters, the languages written with them as espeak names them, and the
#: voice to suggest for them.
_SCRIPTS = (
    (("HIRAGANA", "KATAKANA", "HENTAIGANA"), frozenset[str](), "Japanese"),
    (("CJK", "IDEOGRAPHIC"), frozenset({"zh", "cmn", "yue", "hak", "nan"}), "Japanese"),
    (("HANGUL",), frozenset({"ko"}), "Korean"),
)

#: Piper parses ``[[...]]`` as phonemes, and espeak interprets some control characters.
_COMMANDS = dict.fromkeys([*map(ord, "[]"), *range(0x20), *range(0x7F, 0xA0)], " ")

#: Morae that espeak's Japanese lacks: it speaks "Japanese letter" instead.
_UNSUPPORTED = frozenset(split_morae("スィズィキェギェヂェニェヒェビェピェミェリェクヮグヮ"))


class PiperEngine:
    """The engine in its process."""

    def __init__(
        self, *, voices: str, voice: str, device: str, accent: str = AccentControl.VOICE
    ) -> None:
        """Load one voice from a folder, so that its errors are raised at once; others on demand.

        Args:
            voices: the folder.
            voice: the name of the first voice.
            device: the device to run on.
            accent: one of `AccentControl`: whether to impose accents on voices without them.

        Raises:
            UsageError: the voice is missing, or cannot be used.
        """
        self._voice_directory = voices_in(Path(voices))
        self._device = device
        self._loaded: dict[Path, PiperVoice] = {}
        self._faults: dict[Path, str] = {}
        self._load_lock = threading.Lock()
        self._dictionary = Dictionary()
        self._imposer = AccentImposer(self._dictionary) if accent == AccentControl.IMPOSE else None
        self._first = self._voice_directory.find_voice(voice).file
        self._get_library(self._first)
        if self._first.is_japanese:
            self._dictionary.analyze_best("")

    def learn(self, words: Sequence[DictionaryWord]) -> None:
        """Add a user's own words to the dictionary; UsageError if they cannot be used."""
        self._dictionary.learn(words)

    def read(self, form: SpokenForm) -> Pronunciation:
        """The pronunciation of the first voice; ClipError if the reading is impossible or too long."""
        return self._to_pronunciation(resolve_reading(form, self._dictionary), self._first)

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        """Synthesize a form, sentence by sentence.

        Returns:
            float32 samples, shape (n,), on the voice's own scale, which may exceed 1.0; the rate
            of its configuration; and the pronunciation, if that is Japanese.

        Raises:
            ClipError: the reading is impossible, the voice cannot be used or lacks a phoneme, or the
                audio is empty or not finite.
        """
        try:
            offered = self._voice_directory.find_voice(voice.name)
            library = self._get_library(offered.file)
        except UsageError as exc:
            raise ClipError(str(exc)) from exc
        found: FormReading | None = None
        if offered.file.is_japanese:
            found = resolve_reading(form, self._dictionary)
            parts = self._phonemize_japanese(found, form, offered.file)
        else:
            parts = [_phonemize_foreign(form.text, offered.file, library)]
        rate_hz = library.config.sample_rate
        pause = round(_PAUSE_SECONDS / voice.speed * rate_hz)
        sounds = [
            _join_sentences(
                [self._synthesize(each, offered, library, voice) for each in part], pause
            )
            for part in parts
        ]
        pronunciation = self._to_pronunciation(found, offered.file) if found else None
        if self._imposer and found and pronunciation and offered.file.takes_imposed_accents:
            for place, nodes in enumerate(found.parts):
                imposed = self._imposer.impose(
                    sounds[place], rate_hz, [nodes], asks=is_asking_word(form)
                )
                if imposed is None:
                    pronunciation = doubt_accents(pronunciation)
                else:
                    sounds[place] = imposed
        return Speech(
            samples=_join_sentences(sounds, pause), rate_hz=rate_hz, pronunciation=pronunciation
        )

    def _to_pronunciation(self, found: FormReading, file: VoiceFile) -> Pronunciation:
        """The pronunciation of a voice, without accents if it does not follow them."""
        if file.has_accents or self._imposer:
            return found.pronunciation
        return drop_accents(found.pronunciation)

    def _get_library(self, file: VoiceFile) -> PiperVoice:
        """A voice, loaded by the first thread that needs it; UsageError if it is unusable."""
        with self._load_lock:
            if file.model in self._faults:
                raise UsageError(self._faults[file.model])
            if file.model not in self._loaded:
                try:
                    self._loaded[file.model] = _load_voice(file, self._device)
                except UsageError as exc:
                    self._faults[file.model] = str(exc)
                    raise
            return self._loaded[file.model]

    def _phonemize_japanese(
        self, found: FormReading, form: SpokenForm, file: VoiceFile
    ) -> list[list[list[str]]]:
        """The phonemes of each sentence, for each part of the resolved reading."""
        asks = is_asking_word(form)
        library = self._get_library(file)
        labels = [self._dictionary.make_labels(nodes) for nodes in found.parts]
        if file.has_accents:
            return [[engine_notation.to_piper_phonemes(each, question=asks)] for each in labels]
        return [
            _keep_known_phonemes(
                library.phonemize(
                    _to_espeak_kana(
                        to_accent_phrases(nodes), question=asks or engine_notation.is_question(each)
                    )
                ),
                library,
            )
            for nodes, each in zip(found.parts, labels, strict=True)
        ]

    def _synthesize(
        self, phonemes: list[str], offered: OfferedVoice, library: PiperVoice, voice: Voice
    ) -> NDArray[np.float32]:
        _check_phonemes(phonemes, library, voice.name)
        scale = library.config.length_scale / voice.speed
        sound = library.phoneme_ids_to_audio(
            library.phonemes_to_ids(phonemes),
            SynthesisConfig(speaker_id=offered.speaker, length_scale=scale),
        )
        samples = np.asarray(sound, np.float32).reshape(-1)
        if not samples.size or not np.isfinite(samples).all():
            result = "samples that are not numbers" if samples.size else "no sound"
            raise ClipError(
                f"{voice.name} produces {result} for {''.join(phonemes)}: use another voice"
            )
        return samples


def _load_voice(file: VoiceFile, device: str) -> PiperVoice:
    """Load a voice; UsageError if its model and configuration are unusable, or do not match."""
    session = onnx_models.create_session(file.model, device)
    library = PiperVoice(
        session=session,
        config=PiperConfig.from_dict(json.loads(read_regular(file.configuration_path))),
    )
    has_speakers = file.configuration.num_speakers > 1
    expected = _INPUTS | {"sid"} if has_speakers else _INPUTS
    inputs = {each.name for each in session.get_inputs()}
    if inputs != expected:
        raise UsageError(
            f"{file.model} takes {', '.join(sorted(inputs))}, but its configuration belongs "
            f"to a voice that takes {', '.join(sorted(expected))}: download both again"
        )
    _try_last_speaker(library, file)
    return library


def _try_last_speaker(library: PiperVoice, file: VoiceFile) -> None:
    """Synthesize the last phoneme with the last speaker, to check that the model has them."""
    ids = file.configuration.phoneme_id_map
    last = max(number for each in ids.values() for number in each)
    speakers = file.configuration.num_speakers
    try:
        library.phoneme_ids_to_audio(
            [*ids["^"], last, *ids["$"]],
            SynthesisConfig(speaker_id=speakers - 1 if speakers > 1 else None),
        )
        # espeak validates its voice before the text.
        library.phonemize("")
    except Exception as exc:  # onnxruntime has a class for each code, and no common base
        raise UsageError(
            f"{file.model} does not match its configuration ({onnx_models.shorten_error(exc)}): "
            "download both again"
        ) from exc


def _to_espeak_kana(found: Iterable[Phrase], *, question: bool) -> str:
    """Write a sentence for espeak's Japanese: in kana as pronounced, a word for each phrase.

    espeak supports neither kanji nor particles: it reads は as ha. Punctuation is Latin, as it pauses at
    no other. Its リャ, リュ and リョ are odd, but voices were trained with them.
    """
    text = ""
    for phrase in found:
        for mora in split_morae(expand_small_kana(phrase.kana)):
            text += mora[0] + expand_small_kana(mora[1]) if mora in _UNSUPPORTED else mora
        text += ", " if phrase.pause else " "
    return text.strip(", ") + ("?" if question else ".")


def _phonemize_foreign(text: str, file: VoiceFile, library: PiperVoice) -> list[list[str]]:
    """The phonemes of each sentence of a text in the voice's own language."""
    language = file.language.partition("-")[0]
    letters = filter(str.isalnum, unicodedata.normalize("NFKC", text))
    names = [unicodedata.name(each, "") for each in letters]
    for begins, languages, other in _SCRIPTS:
        if language not in languages and any(name.startswith(begins) for name in names):
            raise ClipError(
                f"{file.model.stem} speaks {file.language_name}: use a {other} voice for {text!r}"
            )
    found = _keep_known_phonemes(library.phonemize(text.translate(_COMMANDS)), library)
    if not found:
        raise ClipError(
            f"there is nothing to speak in {text!r}: it contains no word in {file.language}"
        )
    return found


def _keep_known_phonemes(sentences: list[list[str]], library: PiperVoice) -> list[list[str]]:
    """Drop unknown phonemes that are optional, and sentences without audible ones.

    Optional are punctuation, and espeak's diacritics of vowels (ä, e̞, ɯᵝ): a voice without them was
    trained without them.
    """
    phoneme_ids = library.config.phoneme_id_map
    optional = "MPZ" if library.config.phoneme_type == "espeak" else "PZ"

    def is_optional(phoneme: str) -> bool:
        category = "M" if phoneme == "ᵝ" else unicodedata.category(phoneme[0])[0]
        return category in optional

    found = [
        [each for each in one if each in phoneme_ids or not is_optional(each)] for one in sentences
    ]
    return [one for one in found if any(map(str.isalnum, one))]


def _check_phonemes(phonemes: Sequence[str], library: PiperVoice, name: str) -> None:
    """Raise ClipError for phonemes that the voice lacks, and for too many of them."""
    absent = dict.fromkeys(each for each in phonemes if each not in library.config.phoneme_id_map)
    if absent:
        raise ClipError(f"{name} has no phoneme for {' '.join(absent)}: use another voice")
    if len(phonemes) > _MOST_PHONEMES:
        raise ClipError(
            f"a sentence of {len(phonemes)} phonemes exceeds the limit of a voice, "
            f"{_MOST_PHONEMES}: end sentences with a full stop"
        )


def _join_sentences(sentences: Sequence[NDArray[np.float32]], pause: int) -> NDArray[np.float32]:
    """Join sentences with so many samples of silence between them."""
    silence = np.zeros(pause, np.float32)
    return np.concatenate([part for each in sentences for part in (silence, each)][1:])
