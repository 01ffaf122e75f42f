"""Which accents Kokoro's voices are heard with: before and after their melody is replaced.

    python campaigns/accents.py [--voice jf_alpha] [--accents FILE] [--words 500] [--sentences 200]
                                [--on-sound]

Needs the packages of the extra kokoro-ja. Words are those of the accents file (spelling, kana and
accent in each line, with tabs between) or of data/; sentences are those of data/. Each is said with
the melody that the model makes up, and with that of its accents. With --on-sound, the accents are
imposed on the finished sound, as on voices and services that take none.

The times of morae are the model's own. The pitch is measured in the sound by autocorrelation, and
that of a mora is the median over the second half of its last sound, or where that is whispered over
all that is voiced. Accents are told apart by the
textbook's tones (low and high morae, a fall behind the accent): the accent whose tones lie nearest,
with a range of at least a semitone and a slow fall through the phrase, is the one that is heard. A
flat accent and one on the last mora are the same where nothing follows. Words and phrases with less
than two voiced morae, or where voiced morae do not tell the accents apart, are not counted. ッ is
not measured: it is the silence of a closure, and only the vowel before it fades there. Neither is a
mora counted that lies further from the median than any melody: that is a hiss or an octave error.

A second measurement shares no code with the first one: the recognizer of `verify`, which gets the
times of morae by aligning each sound with that of the embedded voice, thrice, and counts an accent as
right if one alignment shows it. It does not count the same phrases, because others are unclear to it.

Also printed for the same sounds: how much longer the new ones are, how their level differs, and
how far harmonics lie above noise. The exit code is 1 if fewer than 97 % of the words or 92 % of the
phrases have their accents in either measurement.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import soxr

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.engines.pitch import BOUND, accents, pitch
from tests.stand_ins import kokoro_stand_in
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.config.load_settings import load
from tts_assets.config.settings import AccentControl, KokoroSettings, Settings
from tts_assets.engines.accent_recognizer import RATE_HZ as RECOGNIZER_RATE_HZ
from tts_assets.engines.accent_recognizer import AccentRecognizer
from tts_assets.engines.imposed_accents import AccentImposer
from tts_assets.engines.kokoro import Kokoro
from tts_assets.engines.kokoro_engine import KokoroEngine, TimedTones
from tts_assets.japanese.analysis import to_accent_phrases
from tts_assets.japanese.engine_notation import to_kokoro_phonemes
from tts_assets.japanese.melody import compute_tones
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import Phrase, SpokenForm, split_morae

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE_HZ = 24_000

#: Passages are split into their sentences.
SENTENCE = re.compile(r"[^。！？\n]+[。！？]")
FRAME_SECONDS = 0.025

#: By how much sounds come before the frames of their symbols, as closures in the sound show.
LEAD_SECONDS = 0.075

#: By how much the voice of a vowel that begins whispered comes late.
LATE_SECONDS = 0.0375

#: How far the autocorrelation of a man's voice searches below Mei's range.
MALE_HALF_TONES = -12.0

#: The range between low and high, in semitones, and the slope of a phrase for each mora.
LEAST_RANGE, MOST_RANGE = 1.0, 12.0
SLOPES = (0.0, -0.25, -0.5, -0.75)

#: How far a mora lies from the median of its sound at most, in semitones.
MOST_DISTANCE = 10.0

FEWEST_VOICED = 2

#: Steps of 5 ms that a voiced mora has at least.
FEWEST_STEPS = 3

#: Limits of the shares with the right accent.
LEAST_WORDS, LEAST_PHRASES = 0.97, 0.92


class Take(NamedTuple):
    """A sound, untrimmed, and when the last sound of each mora begins and ends, in seconds."""

    samples: np.ndarray
    sounds: list[tuple[float, float]]


class Tally:
    """Counts of right accents, before and after."""

    def __init__(self) -> None:
        """None so far."""
        self.all = 0
        self.right = [0, 0]

    def add(self, *, before: bool, after: bool) -> None:
        self.all += 1
        self.right[0] += before
        self.right[1] += after

    def __str__(self) -> str:
        shares = (f"{each / max(1, self.all):.1%} ({each} of {self.all})" for each in self.right)
        return " before, ".join(shares) + " after"


class Figures:
    """How the new sounds differ from the old ones."""

    def __init__(self) -> None:
        """Of no sounds so far."""
        self.longer = 0
        self.imposed = [0, 0]
        self.levels: list[float] = []
        self.harmonics: list[tuple[float, float]] = []

    def add_imposed(self, *, success: bool) -> None:
        self.imposed[success] += 1

    def add(self, before: Take, after: Take, half_tones: float) -> None:
        self.longer = max(self.longer, abs(before.samples.size - after.samples.size))
        powers = [float(np.mean(each.samples**2)) for each in (before, after)]
        self.levels.append(10 * math.log10(powers[1] / powers[0]))
        self.harmonics.append(
            tuple(measure_harmonics(each.samples, half_tones) for each in (before, after))
        )

    def __str__(self) -> str:
        low, high = np.quantile(self.levels, [0.05, 0.95])
        before, after = np.nanmedian(np.array(self.harmonics), axis=0)
        refused = self.imposed[0]
        return (
            f"{f'{refused} of {sum(self.imposed)} sounds left as they were, ' if refused else ''}"
            f"lengths differ by {self.longer} samples at most, levels by {low:+.1f} to {high:+.1f} dB "
            f"(nine tenths), harmonics {before:.1f} dB above noise before, {after:.1f} after"
        )


class Ear:
    """Synthesizes with both melodies, and measures the accents."""

    def __init__(
        self,
        engine: KokoroEngine,
        voice: str,
        half_tones: float,
        imposer: AccentImposer | None = None,
    ) -> None:
        """Of a voice that is so much higher than Mei's; ``imposer``: imposes accents on its sound."""
        self._engine, self._voice, self._half_tones = engine, voice, half_tones
        self._imposer = imposer
        self._recognizer = AccentRecognizer()
        self.figures = Figures()

    def count(self, form: SpokenForm, tally: Tally, recognized: Tally, *, list_wrong: bool) -> None:
        """Synthesize a form and count its phrases: by the model's times, and as recognized."""
        for nodes in resolve_reading(form, self._engine._dictionary).parts:
            symbols, morae = to_kokoro_phonemes(nodes, sentence=form.sentence)
            phrases = to_accent_phrases(nodes)
            timed = [
                TimedTones(*place, *tones)
                for place, tones in zip(morae, compute_tones(phrases), strict=True)
            ]
            before = self._speak(symbols, morae, ())
            after = self._impose(before, nodes) or self._speak(symbols, morae, timed)
            self.figures.add(before, after, self._half_tones)
            self._count_recognized((before, after), phrases, recognized)
            heights = [self._measure(take) for take in (before, after)]
            begin = 0
            for phrase in phrases:
                kana = split_morae(phrase.kana)
                silent = np.array(kana) == "ッ"
                own = [
                    np.where(silent, math.nan, each[begin : begin + len(kana)]) for each in heights
                ]
                begin += len(kana)
                accent = 0 if phrase.accent == len(kana) else phrase.accent
                heard = [hear_accents(each, kana, accent) for each in own]
                if not all(heard):
                    continue
                tally.add(before=accent in heard[0], after=accent in heard[1])
                if list_wrong and accent not in heard[1]:
                    shown = " ".join(f"{each:.1f}" for each in own[1] - np.nanmean(own[1]))
                    print(
                        f"    {form.text[:20]} {phrase.kana} {phrase.accent}: {heard[1]}  {shown}"
                    )

    def _count_recognized(
        self, takes: tuple[Take, Take], phrases: Sequence[Phrase], tally: Tally
    ) -> None:
        """Count the phrases whose accents the recognizer finds clear in both takes."""
        found = []
        for take in takes:
            samples = soxr.resample(take.samples.astype(np.float32), RATE_HZ, RECOGNIZER_RATE_HZ)
            recognized = self._recognizer.recognize(samples, phrases, f"kokoro/{self._voice}")
            found.append({each.place: each.excess == 0 for each in recognized})
        before, after = found
        for place in before.keys() & after.keys():
            tally.add(before=before[place], after=after[place])

    def _impose(self, take: Take, nodes: Any) -> Take | None:
        """Impose other accents on a sound; return it unchanged if that fails."""
        if self._imposer is None:
            return None
        samples = self._imposer.impose(take.samples.astype(np.float32), RATE_HZ, [nodes])
        self.figures.add_imposed(success=samples is not None)
        return take if samples is None else take._replace(samples=samples.astype(np.float64))

    def _speak(self, symbols: str, morae: Any, tones: Any) -> Take:
        kokoro, melodies = self._engine._kokoro, self._engine._melodies
        assert melodies is not None
        tokens = kokoro.tokenizer.tokenize(symbols)
        inputs = {
            kokoro._tokens_input: np.array([[0, *tokens, 0]]),
            "style": kokoro._style_for(kokoro.get_voice_style(self._voice), len(tokens)),
            "speed": np.array([1.0], dtype=np.float32),
        }
        with melodies.use(tones):
            samples = melodies.run(None, inputs)[0].ravel().astype(np.float64)
        lengths = melodies._prosody.run(None, inputs)[3].ravel()
        ends = np.cumsum(lengths) * FRAME_SECONDS - LEAD_SECONDS
        return Take(samples, [(ends[end - 1], ends[end]) for _, end in morae])

    def _measure(self, take: Take) -> np.ndarray:
        """The pitch of each mora, in semitones; nan without a voice."""
        hertz = pitch(take.samples, RATE_HZ, half_tones=self._half_tones)
        found = []
        for begin, end in take.sounds:
            spans = (((begin + end) / 2, end), (begin, end), (begin, end + LATE_SECONDS))
            heights = (measure_height(hertz, *span) for span in spans)
            found.append(next((each for each in heights if math.isfinite(each)), math.nan))
        measured = np.array(found)
        if np.isfinite(measured).any():
            measured[np.abs(measured - np.nanmedian(measured)) > MOST_DISTANCE] = math.nan
        return measured


def measure_height(hertz: np.ndarray, begin: float, end: float) -> float:
    """The median of the pitch between two times, in semitones; nan without a voice."""
    own = hertz[round(begin / 0.005) : round(end / 0.005)]
    own = own[np.isfinite(own)]
    return 12 * math.log2(np.median(own)) if own.size >= FEWEST_STEPS else math.nan


def hear_accents(heights: np.ndarray, morae: list[str], own: int) -> set[int]:
    """The accents whose tones are nearest; empty where all are as near as the others.

    Args:
        heights: of each mora, in semitones; nan without a voice.
        morae: the kana.
        own: the accent that is expected, which is always among those compared.
    """
    voiced = np.isfinite(heights)
    if voiced.sum() < FEWEST_VOICED:
        return set()
    possible = {*accents("".join(morae)), own} - {len(morae)}
    fits = {
        accent: min(
            fit_tones(heights[voiced], tones[voiced]) for tones in list_tones(morae, accent)
        )
        for accent in possible
    }
    least = min(fits.values())
    heard = {accent for accent, fit in fits.items() if fit <= least + 1e-6}
    return set() if len(heard) == len(fits) else heard


def list_tones(morae: list[str], accent: int) -> list[np.ndarray]:
    """High and low morae of an accent; a first syllable with an end may begin high with any."""
    places = np.arange(1, len(morae) + 1)
    high = (places <= (accent or len(morae))) & ((places > 1) | (accent == 1))
    found = [high.astype(float)]
    if accent != 1 and len(morae) > 1 and morae[1] in BOUND:
        found.append(np.where(places == 1, 1.0, found[0]))
    return found


def fit_tones(heights: np.ndarray, tones: np.ndarray) -> float:
    """Compute the root mean square of the residual of the tones, in semitones."""
    return min(_fit_range(heights - slope * np.arange(heights.size), tones) for slope in SLOPES)


def _fit_range(heights: np.ndarray, tones: np.ndarray) -> float:
    heights, tones = heights - heights.mean(), tones - tones.mean()
    power = float((tones**2).sum())
    size = float((heights * tones).sum()) / power if power else 0.0
    rest = heights - float(np.clip(size, LEAST_RANGE, MOST_RANGE)) * tones
    return float(np.sqrt((rest**2).mean()))


def measure_harmonics(samples: np.ndarray, half_tones: float) -> float:
    """How far harmonics lie above noise, in dB: the median over voiced frames.

    By the autocorrelation at the period, as P. Boersma measures it (IFA Proceedings 17, 1993).
    """
    hertz = pitch(samples, RATE_HZ, half_tones=half_tones)
    found = []
    for place in np.flatnonzero(np.isfinite(hertz))[::2]:
        period = round(RATE_HZ / hertz[place])
        begin = max(0, place * RATE_HZ // 200 - period)
        one, other = samples[begin:][:period], samples[begin + period :][:period]
        if other.size == period:
            power = math.sqrt(float((one**2).sum() * (other**2).sum())) or 1.0
            part = min(0.9999, max(0.0001, float((one * other).sum()) / power))
            found.append(10 * math.log10(part / (1 - part)))
    return float(np.median(found)) if found else math.nan


def main() -> int:
    """Print the shares and figures; 1 if a limit is not met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--voice", default="jf_alpha")
    parser.add_argument("--accents", help="spelling, kana and accent, with tabs between")
    parser.add_argument("--words", type=int, default=500)
    parser.add_argument("--sentences", type=int, default=200)
    parser.add_argument("--on-sound", action="store_true", help="impose accents on the sound")
    parser.add_argument("--list", action="store_true", help="print each one that is wrong")
    parser.add_argument("--smoke", action="store_true", help="a few, with a small model")
    options = parser.parse_args()
    if options.smoke:
        options.words, options.sentences = 6, 2
    with tempfile.TemporaryDirectory() as folder:
        half_tones = MALE_HALF_TONES if "m_" in options.voice else 0.0
        engine = load_engine(Path(folder), smoke=options.smoke)
        imposer = AccentImposer(engine._dictionary) if options.on_sound else None
        ear = Ear(engine, options.voice, half_tones, imposer)
        words, sentences = load_forms(options.accents, Path(folder))
        good = True
        for name, forms, count, least in (
            ("words", words, options.words, LEAST_WORDS),
            ("phrases", sentences, options.sentences, LEAST_PHRASES),
        ):
            tally, recognized = Tally(), Tally()
            for form in forms[:: max(1, len(forms) // max(1, count))][:count]:
                ear.count(form, tally, recognized, list_wrong=options.list)
            print(f"{options.voice} {name}: {tally}", flush=True)
            print(f"{options.voice} {name} as recognized: {recognized}", flush=True)
            good &= all(each.right[1] >= least * each.all for each in (tally, recognized))
        print(f"{options.voice}: {ear.figures}")
    return 0 if good or options.smoke else 1


def load_engine(folder: Path, *, smoke: bool) -> KokoroEngine:
    """The engine with the graph of the packages, or with a small one."""
    if smoke:
        model = kokoro_stand_in.melodic(folder / "model.onnx")
        voices = kokoro_stand_in.voices(folder / "voices.bin")
        return KokoroEngine(str(model), str(voices), "cpu", AccentControl.IMPOSE)
    files = KokoroSettings(model="kokoro-v1.0-int8", voices="kokoro-voices-ja")
    provider = Kokoro(Settings(kokoro=files))
    if problem := provider.problem():
        sys.exit(problem)
    return KokoroEngine(
        str(provider._model.path), str(provider._voices.path), "cpu", AccentControl.IMPOSE
    )


def load_forms(accents_file: str | None, folder: Path) -> tuple[list[SpokenForm], list[SpokenForm]]:
    """Words of the accents file or of data/, and sentences of data/."""
    flags = {"paths": (str(ROOT / "data"),), "provider": "openjtalk"}
    settings = load(flags=flags, environment=os.environ, folder=folder, config=None)
    readers = open_catalogues(settings, LoadProblems())
    forms = list(dict.fromkeys(clip.form for reader in readers for clip in reader.iter_clips()))
    texts = [text for form in forms if form.sentence for text in SENTENCE.findall(form.text)]
    sentences = [SpokenForm(text, sentence=True) for text in dict.fromkeys(texts)]
    if accents_file is None:
        return [form for form in forms if not form.sentence and form.reading], sentences
    lines = Path(accents_file).read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line)
    return [SpokenForm(text, kana, int(accent)) for text, kana, accent in rows], sentences


if __name__ == "__main__":
    sys.exit(main())
