"""Piper inside its process: one session for each voice, shared by all threads, and the reading guard."""

from __future__ import annotations

import json
import threading
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from piper import PiperConfig, PiperVoice, SynthesisConfig

from tts_assets.engines import onnx_models
from tts_assets.engines.piper import voices_in
from tts_assets.errors import ClipError, UsageError
from tts_assets.japanese import engine_notation
from tts_assets.japanese.accent_notation import drop_accents
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


#: Silence between two sentences, as Piper's own program makes it by default (piper.hpp of
#: rhasspy/piper: sentenceSilenceSeconds).
_PAUSE_SECONDS = 0.2

#: Each takes 2 MB in a voice of the usual size; this many are 3 minutes of sound.
_MOST_PHONEMES = 2_000
_INPUTS = frozenset({"input", "input_lengths", "scales"})
_INPUTS_OF_SEVERAL = _INPUTS | {"sid"}

#: Languages that are written with ideographs, as espeak names them; Japanese is not asked for.
_IDEOGRAPHIC = frozenset({"zh", "cmn", "yue", "hak", "nan"})

#: How Unicode's names of letters begin, which languages have them, and the voice to take for them.
_SCRIPTS = (
    (("HIRAGANA", "KATAKANA", "HENTAIGANA"), frozenset[str](), "Japanese"),
    (("CJK", "IDEOGRAPHIC"), _IDEOGRAPHIC, "Japanese"),
    (("HANGUL",), frozenset({"ko"}), "Korean"),
)

#: ``[[...]]`` would be taken for phonemes; espeak obeys some control characters.
_COMMANDS = dict.fromkeys([*map(ord, "[]"), *range(0x20), *range(0x7F, 0xA0)], " ")

#: Morae for which espeak's Japanese has no sound: it would spell out "Japanese letter".
_STRANGE = frozenset(split_morae("スィズィキェギェヂェニェヒェビェピェミェリェクヮグヮ"))


class PiperEngine:
    """The engine inside its process."""

    def __init__(self, *, voices: str, voice: str, device: str) -> None:
        """Load the first voice, so that what is wrong with it shows at once.

        Args:
            voices: the folder of the voices.
            voice: the name of the one to load now; others are loaded when they are asked for.
            device: a :class:`tts_assets.config.settings.Device`.

        Raises:
            UsageError: that voice is not there, or cannot be used.
        """
        self._shelf = voices_in(Path(voices))
        self._device = device
        self._loaded: dict[Path, PiperVoice] = {}
        self._faults: dict[Path, str] = {}
        self._loading = threading.Lock()
        self._dictionary = Dictionary()
        self._first = self._shelf.find_voice(voice).file
        self._get_library(self._first)
        if self._first.is_japanese:
            self._dictionary.analyze_best("")

    def learn(self, words: Sequence[DictionaryWord]) -> None:
        """Read these words as they say, before anything is spoken.

        Raises:
            UsageError: they cannot be learned.
        """
        self._dictionary.learn(words)

    def read(self, form: SpokenForm) -> Pronunciation:
        """How a form is said by the first voice.

        Raises:
            ClipError: it cannot be said as the entry says, or is too long.
        """
        return _to_pronunciation(resolve_reading(form, self._dictionary), self._first)

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        """Say a form, sentence by sentence.

        Returns:
            float32 samples, shape (n,), on the voice's own scale, which may exceed 1.0; the rate
            of its configuration; and how it was said, if that is Japanese.

        Raises:
            ClipError: it cannot be said as given, the voice cannot be used or has no sound for it,
                or it comes out empty or broken.
        """
        try:
            offered = self._shelf.find_voice(voice.name)
            library = self._get_library(offered.file)
        except UsageError as exc:
            raise ClipError(str(exc)) from exc
        found: FormReading | None = None
        if offered.file.is_japanese:
            found = resolve_reading(form, self._dictionary)
            sentences = self._phonemize_japanese(found, form, offered.file)
        else:
            sentences = _phonemize_foreign(form.text, offered.file, library)
        return Speech(
            samples=_join_sentences(
                [self._synthesize(each, offered, library, voice) for each in sentences],
                round(_PAUSE_SECONDS / voice.speed * library.config.sample_rate),
            ),
            rate_hz=library.config.sample_rate,
            pronunciation=_to_pronunciation(found, offered.file) if found else None,
        )

    def _get_library(self, file: VoiceFile) -> PiperVoice:
        """A voice, loaded once, by the first thread that asks for it.

        Raises:
            UsageError: it cannot be used.
        """
        with self._loading:
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
    ) -> list[list[str]]:
        """The phonemes of each sentence, as the reading guard has settled it."""
        # A word that had to be forced has lost its marks.
        asks = not form.sentence and form.text.endswith(("?", "？"))
        library = self._get_library(file)
        labels = [self._dictionary.make_labels(nodes) for nodes in found.parts]
        if file.has_accents:
            return [engine_notation.to_piper_phonemes(each, question=asks) for each in labels]
        return [
            sentence
            for nodes, each in zip(found.parts, labels, strict=True)
            for sentence in _keep_known_phonemes(
                library.phonemize(
                    _to_espeak_kana(
                        to_accent_phrases(nodes), question=asks or engine_notation.is_question(each)
                    )
                ),
                library,
            )
        ]

    def _synthesize(
        self, phonemes: list[str], offered: OfferedVoice, library: PiperVoice, voice: Voice
    ) -> NDArray[np.float32]:
        """One sentence."""
        _check_phonemes(phonemes, library, voice.name)
        scale = library.config.length_scale / voice.speed
        sound = library.phoneme_ids_to_audio(
            library.phonemes_to_ids(phonemes),
            SynthesisConfig(speaker_id=offered.speaker, length_scale=scale),
        )
        samples = np.asarray(sound, np.float32).reshape(-1)
        if not samples.size or not np.isfinite(samples).all():
            what = "samples that are no numbers" if samples.size else "no sound"
            raise ClipError(f"{voice.name} makes {what} of {''.join(phonemes)}: take another voice")
        return samples


def _load_voice(file: VoiceFile, device: str) -> PiperVoice:
    """A voice whose model and configuration belong together.

    Raises:
        UsageError: they do not, or one of them cannot be used.
    """
    session = onnx_models.create_session(file.model, device)
    library = PiperVoice(
        session=session,
        config=PiperConfig.from_dict(json.loads(read_regular(file.configuration_path))),
    )
    several = file.configuration.num_speakers > 1
    wanted = _INPUTS_OF_SEVERAL if several else _INPUTS
    taken = {each.name for each in session.get_inputs()}
    if taken != wanted:
        raise UsageError(
            f"{file.model} takes {', '.join(sorted(taken))}, but its configuration is of one that "
            f"takes {', '.join(sorted(wanted))}: fetch both again, they do not belong together"
        )
    _try_last_speaker(library, file)
    return library


def _try_last_speaker(library: PiperVoice, file: VoiceFile) -> None:
    """Say the last phoneme with the last speaker: the model must have as many as are named."""
    ids = file.configuration.phoneme_id_map
    last = max(number for each in ids.values() for number in each)
    speakers = file.configuration.num_speakers
    try:
        library.phoneme_ids_to_audio(
            [*ids["^"], last, *ids["$"]],
            SynthesisConfig(speaker_id=speakers - 1 if speakers > 1 else None),
        )
        # espeak looks for its voice before it looks at the text.
        library.phonemize("")
    except Exception as exc:  # onnxruntime has a class for each code, and no common base
        raise UsageError(
            f"{file.model} does not fit its configuration ({onnx_models.shorten_error(exc)}): fetch both again"
        ) from exc


def _to_pronunciation(found: FormReading, file: VoiceFile) -> Pronunciation:
    """What is known of how a voice says it: espeak takes no accents."""
    said = found.pronunciation
    return said if file.has_accents else drop_accents(said)


def _to_espeak_kana(found: Iterable[Phrase], *, question: bool) -> str:
    """A sentence as espeak's Japanese reads it right: the sounds in kana, a word for each phrase.

    It has no kanji, and knows no particle: は is ha. Its marks are Latin ones, as it pauses at no
    other. What it says for リャ, リュ and リョ is odd, but what a voice was trained with.
    """
    said = ""
    for phrase in found:
        for mora in split_morae(expand_small_kana(phrase.kana)):
            said += mora[0] + expand_small_kana(mora[1]) if mora in _STRANGE else mora
        said += ", " if phrase.pause else " "
    return said.strip(", ") + ("?" if question else ".")


def _phonemize_foreign(text: str, file: VoiceFile, library: PiperVoice) -> list[list[str]]:
    """The phonemes of each sentence of a text in the voice's own language."""
    language = file.language.partition("-")[0]
    letters = filter(str.isalnum, unicodedata.normalize("NFKC", text))
    names = [unicodedata.name(each, "") for each in letters]
    for begins, languages, other in _SCRIPTS:
        if language not in languages and any(name.startswith(begins) for name in names):
            raise ClipError(
                f"{file.model.stem} speaks {file.language_name}: take a {other} voice for {text!r}"
            )
    found = _keep_known_phonemes(library.phonemize(text.translate(_COMMANDS)), library)
    if not found:
        raise ClipError(f"there is nothing to say in {text!r}: it has no word in {file.language}")
    return found


def _keep_known_phonemes(sentences: list[list[str]], library: PiperVoice) -> list[list[str]]:
    """Sentences with only the phonemes that the voice knows, and only those that are heard.

    Punctuation, and of espeak's small marks those that only colour the vowel before them (ä, e̞,
    ɯᵝ): where a voice does not know them, they were left out when it was trained, too.
    """
    known = library.config.phoneme_id_map
    spare = "MPZ" if library.config.phoneme_type == "espeak" else "PZ"
    found = [
        [each for each in one if each in known or not _is_among(each, spare)] for one in sentences
    ]
    return [one for one in found if any(map(str.isalnum, one))]


def _is_among(phoneme: str, spare: str) -> bool:
    """Whether a phoneme is of these general categories of Unicode; ᵝ is a mark, too."""
    category = "M" if phoneme == "ᵝ" else unicodedata.category(phoneme[0])[0]
    return category in spare


def _check_phonemes(phonemes: Sequence[str], library: PiperVoice, name: str) -> None:
    """Refuse what the library would leave out, and what would take all memory.

    Raises:
        ClipError: the voice has no sound for a phoneme, or they are too many.
    """
    absent = dict.fromkeys(each for each in phonemes if each not in library.config.phoneme_id_map)
    if absent:
        raise ClipError(f"{name} has no sound for {' '.join(absent)}: take another voice")
    if len(phonemes) > _MOST_PHONEMES:
        raise ClipError(
            f"a sentence of {len(phonemes)} sounds is too long for a voice, which takes "
            f"{_MOST_PHONEMES}: end sentences with a full stop"
        )


def _join_sentences(sentences: Sequence[NDArray[np.float32]], pause: int) -> NDArray[np.float32]:
    """Sentences in a row, with that many samples of silence between two."""
    silence = np.zeros(pause, np.float32)
    return np.concatenate([part for each in sentences for part in (silence, each)][1:])
