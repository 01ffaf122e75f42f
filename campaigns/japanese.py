"""How right readings, accents, sentences and pitch are, for any catalogue, accents file and voice.

    python campaigns/japanese.py [CATALOGUE ...] [--config FILE] [--accents FILE] [--voice PROVIDER/NAME]

Catalogues are read as `tts-assets generate` reads them; `--config` names a configuration for those
of other shapes. Four tables are printed:

- readings: words with a reading. A word is wrong if the dictionary says another reading.
- accents: words that the accents file lists with their reading. Each line of that file has spelling,
  kana and accents with tabs between, as Kanjium's accents.txt has. Any listed accent counts. A fall
  after the last mora counts as none, since a word alone sounds the same; "strict" tells them apart.
- sentences: those with a line in kana or romaji. The line is hidden, and the sentence is misread if
  the dictionary says something else. "note" counts sentences with the finding ambiguous-reading,
  "caught" the misread ones among them. "spaced" are the same sentences with spaces between phrases,
  "spaced kana" also all in hiragana; both are made where the best analysis agrees with the line.
- pitch: words in 「…がある」, said by the voice. The pitch of each mora is compared with that of
  OpenJTalk's voice Mei, which says the word with each accent that it can have; a word is right if its
  own accent is the nearest. (`campaigns/pitch.py` measures Mei itself.)

The exit code is 1 if a reading is wrong, fewer than 98.7 % of the accents or 94 % of those from
next analyses are right, or if a catalogue cannot be read.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import anyio
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.engines.pitch import accents as possible_accents
from tests.engines.pitch import pitch
from tts_assets.audio.expected_length import estimate_mora_seconds
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.config.catalogue_sources import TextType
from tts_assets.config.load_settings import load
from tts_assets.engines import reading_cache, registry
from tts_assets.engines.openjtalk import OpenJTalk
from tts_assets.errors import ClipError
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana import kana_to_hiragana
from tts_assets.model import Basis, Clip, Kind, Pronunciation, SpokenForm, Voice, split_morae
from tts_assets.quality.lint_rules import LintInput, lint_clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Speaker
    from tts_assets.japanese.analysis import Node
    from tts_assets.model import Speech

_Item = TypeVar("_Item")
LEAST_RIGHT, LEAST_NEXT_RIGHT = 0.987, 0.94
PITCH_WORDS, SMOKE_WORDS, SMOKE_SENTENCES, SMOKE_PITCH_WORDS = 150, 60, 12, 4
_VOWELS = {
    vowel: frozenset(row)
    for vowel, row in {
        "ア": "アカサタナハマヤラワガザダバパァャヮ",
        "イ": "イキシチニヒミリギジビピィ",
        "ウ": "ウクスツヌフムユルグズブプゥュヴ",
        "エ": "エケセテネヘメレゲゼデベペェ",
        "オ": "オコソトノホモヨロゴゾドボポォョ",
    }.items()
}
_SAME = str.maketrans({"ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ヰ": "イ", "ヱ": "エ"})
#: Parts of speech that continue a phrase.
_DEPENDENT = frozenset({"助詞", "助動詞", "記号"})
_QUIET = 0.02
_STEP_SECONDS = 0.005
_KIND = Kind.GRAMMAR
MEI = Voice(provider="openjtalk", name="mei")
#: Half tones that a man's voice is lower; ranges of voices beside the reference's.
_MALE, _SCALES = -9.0, (0.4, 2.0)
#: Semitones that do not count, as where the mora that differs has no voice.
_ALIKE, _FEWEST_VOICED = 0.05, 3


class Word(NamedTuple):
    """A word with its reading, and what the dictionary says."""

    form: SpokenForm
    said: Pronunciation


class Score(NamedTuple):
    """How many of how many are right."""

    right: int
    all: int

    @property
    def share(self) -> float:
        """1 where there are none."""
        return self.right / self.all if self.all else 1.0


def main() -> int:
    """Print the tables; 1 if a limit is not met."""
    options = _parse_options()
    settings = _load_settings(options)
    trouble = LoadProblems()
    clips = [clip for reader in open_catalogues(settings, trouble) for clip in reader.iter_clips()]
    for problem in trouble.problems:
        print(problem, file=sys.stderr)
    forms = list(dict.fromkeys(clip.form for clip in clips if not clip.form.turns))
    words = [form for form in forms if not form.sentence and form.reading is not None]
    known_errors = _load_lines(options.known_errors)
    sentences = [form for form in forms if form.sentence and form.reading is not None]
    sentences = [form for form in sentences if form.text not in known_errors]
    if options.smoke:
        words, sentences = _spread(words, SMOKE_WORDS), _spread(sentences, SMOKE_SENTENCES)
    said = _read(words, settings)
    good = _report_readings(said, list_wrong=options.list) and not trouble.problems
    listed = _load_accents(options.accents)
    good &= _report_accents(said, listed, list_wrong=options.list)
    _report_sentences(sentences, settings, options)
    count = SMOKE_PITCH_WORDS if options.smoke else options.pitch_words
    chosen = _choose_words(said, listed, count)
    if chosen:
        anyio.run(_report_pitch, chosen, settings, options)
    return 0 if good else 1


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("catalogues", nargs="*", help="files or folders; data/ if there are none")
    parser.add_argument("--config", help="a configuration with [[source]] tables")
    parser.add_argument("--accents", help="spelling, kana and accents, with tabs between")
    parser.add_argument("--voice", default="openjtalk/mei", help="default: openjtalk/mei")
    parser.add_argument("--pitch-words", type=int, default=PITCH_WORDS, help="0 for none")
    parser.add_argument("--known-errors", help="sentences with a wrong line, one in each line")
    parser.add_argument("--as-said", action="store_true", help="lines write the particle は as ワ")
    parser.add_argument("--list", action="store_true", help="print each one that is wrong")
    parser.add_argument("--smoke", action="store_true", help="only a few of each")
    return parser.parse_args()


def _load_settings(options: argparse.Namespace) -> Settings:
    paths = tuple(options.catalogues) or (() if options.config else (str(ROOT / "data"),))
    flags = {"paths": paths, "provider": options.voice.partition("/")[0]}
    config = Path(options.config) if options.config else None
    # An empty folder, since this project's own configuration is not meant.
    with tempfile.TemporaryDirectory() as folder:
        return load(flags=flags, environment=os.environ, folder=Path(folder), config=config)


def _load_lines(path: str | None) -> set[str]:
    """The sentences of a file: each line up to its first tab."""
    if path is None:
        return set()
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return {line.partition("\t")[0] for line in lines}


def _load_accents(path: str | None) -> dict[tuple[str, str], set[int]]:
    """The accents that a file lists, by spelling and sound."""
    listed: dict[tuple[str, str], set[int]] = {}
    if path is not None:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            columns = line.split("\t")
            if len(columns) >= 3:
                accents = {int(each) for each in re.findall(r"\d+", columns[2])}
                listed.setdefault((columns[0], _to_sound(columns[1] or columns[0])), set()).update(
                    accents
                )
    return listed


def _spread(items: Sequence[_Item], count: int) -> list[_Item]:
    """That many of them, from the first to the last."""
    return list(items[:: max(1, len(items) // max(1, count))][:count])


def _read(forms: Sequence[SpokenForm], settings: Settings) -> dict[SpokenForm, Pronunciation | str]:
    return dict(zip(forms, anyio.run(reading_cache.read_forms, forms, settings.words), strict=True))


def _to_sound(kana: str) -> str:
    """Kana as they sound, each long vowel written as two; not the product's own function."""
    sound = ""
    for character in "".join(_to_katakana(each) for each in kana).translate(_SAME):
        vowel = next((v for v, row in _VOWELS.items() if sound and sound[-1] in row), "")
        if character == "ー" or (vowel, character) in {("オ", "ウ"), ("エ", "イ")}:
            sound += vowel
        elif "ァ" <= character <= "ヺ":
            sound += character
    return sound


def _to_katakana(character: str) -> str:
    return chr(ord(character) + 0x60) if "ぁ" <= character <= "ゖ" else character


def _kana(said: Pronunciation) -> str:
    return "".join(phrase.kana for phrase in said.phrases)


def _agrees(said: str, line: str, *, as_said: bool) -> bool:
    """Whether kana that are said are those of a line, in which particles may be spelled."""
    ours, theirs = _to_sound(said), _to_sound(line)
    if ours == theirs or as_said or len(ours) != len(theirs):
        return ours == theirs
    spelled = {("ワ", "ハ"), ("エ", "ヘ"), ("ユ", "イ")}
    return all(a == b or (a, b) in spelled for a, b in zip(ours, theirs, strict=True))


def _without_lengths(sound: str) -> str:
    """What is left of a sound in Latin letters without marks: no long vowels, and n for ン."""
    kept = ""
    for character in sound:
        before = next((v for v, row in _VOWELS.items() if kept and kept[-1] in row), "")
        kept += "" if character == before else character
    return kept


# Readings


def _report_readings(said: dict[SpokenForm, Pronunciation | str], *, list_wrong: bool) -> bool:
    count = Counter(
        each.basis if isinstance(each, Pronunciation) else "refused" for each in said.values()
    )
    wrong = [
        (form, each)
        for form, each in said.items()
        if isinstance(each, Pronunciation) and _is_wrong(form, each)
    ]
    bases = ", ".join(f"{name} {number:,}" for name, number in count.most_common())
    print(f"readings   {len(said):6,} words with a reading: {len(wrong)} wrong ({bases})")
    if list_wrong:
        for form, each in wrong:
            print(f"    {form.text} {form.reading}: {_kana(each)}")
    return not wrong


def _is_wrong(form: SpokenForm, said: Pronunciation) -> bool:
    # は and へ within expressions (こんにちは, それでは) are spelled as letters.
    return not _agrees(_kana(said), form.reading or "", as_said=False)


# Accents


def _report_accents(
    said: dict[SpokenForm, Pronunciation | str],
    listed: dict[tuple[str, str], set[int]],
    *,
    list_wrong: bool,
) -> bool:
    if not listed:
        return True
    scores: dict[str, list[bool]] = {}
    strict = split = 0
    wrong: list[str] = []
    for form, each in said.items():
        known = listed.get((form.text, _to_sound(form.reading or "")))
        if known is None or isinstance(each, str) or form.accent is not None:
            continue
        is_right, is_strict = _judge_accent(each, known)
        scores.setdefault(each.basis, []).append(is_right)
        strict += is_strict
        split += len(each.phrases) > 1
        if not is_right:
            phrases = " ".join(f"{phrase.kana}{phrase.accent}" for phrase in each.phrases)
            wrong.append(f"    {each.basis:9} {form.text}: {phrases}, listed {sorted(known)}")
    total = _score(is_right for each in scores.values() for is_right in each)
    by_basis = ", ".join(f"{name} {_show(_score(each))}" for name, each in scores.items())
    print(f"accents    {total.all:6,} words listed: {_show(total)} right ({by_basis})")
    print(f"           strict {_show(Score(strict, total.all))}; {split} in several phrases")
    if list_wrong:
        print("\n".join(wrong))
    return (
        total.share >= LEAST_RIGHT and _score(scores.get(Basis.NBEST, [])).share >= LEAST_NEXT_RIGHT
    )


def _judge_accent(said: Pronunciation, listed: set[int]) -> tuple[bool, bool]:
    """Whether one of the listed accents is said: as heard in the word alone, and strictly."""
    if len(said.phrases) > 1:
        return False, False
    [phrase] = said.phrases
    size = len(split_morae(phrase.kana))
    return phrase.accent % size in {each % size for each in listed}, phrase.accent in listed


def _score(judged_ones: Iterable[bool]) -> Score:
    found = list(judged_ones)
    return Score(sum(found), len(found))


def _show(score: Score) -> str:
    return f"{score.right:,} of {score.all:,} ({score.share:.1%})"


# Sentences


def _report_sentences(
    forms: Sequence[SpokenForm], settings: Settings, options: argparse.Namespace
) -> None:
    if not forms:
        return
    lines = {form: form.reading or "" for form in forms}
    hidden = {form: form._replace(reading=None, readings=()) for form in forms}
    said = _read(list(dict.fromkeys(hidden.values())), settings)
    misread, lossy, noted = [], 0, set()
    for form, bare in hidden.items():
        each = said[bare]
        if _has_note(bare, each):
            noted.add(form)
        if isinstance(each, Pronunciation) and _agrees(
            _kana(each), lines[form], as_said=options.as_said
        ):
            continue
        ours = _to_sound("" if isinstance(each, str) else _kana(each))
        if _without_lengths(ours) == _without_lengths(_to_sound(lines[form])):
            lossy += 1
        else:
            misread.append(form)
    caught = Score(sum(form in noted for form in misread), len(misread))
    print(
        f"sentences  {len(forms):6,} with their line hidden: {len(misread)} misread "
        f"({len(misread) / len(forms):.2%}); {lossy} more differ in the length of vowels alone"
    )
    print(
        f"           note on {len(noted)} ({len(noted) / len(forms):.1%}), caught {_show(caught)}"
    )
    if options.list:
        for form in misread:
            each = said[hidden[form]]
            ours = each if isinstance(each, str) else _kana(each)
            mark = "*" if form in noted else " "
            print(f"  {mark} {form.text}\n      said {ours}\n      line {lines[form]}")
    right = [form for form in forms if form not in set(misread)]
    _report_spaced(right, settings, options)


def _has_note(form: SpokenForm, said: Pronunciation | str) -> bool:
    clip = Clip(kind=_KIND, file="", entry="", part="", place=None, form=form)
    found = lint_clip(LintInput(clip, None, TextType.SENTENCE, said))
    return any(each.rule == "ambiguous-reading" for each in found)


def _report_spaced(
    forms: Sequence[SpokenForm], settings: Settings, options: argparse.Namespace
) -> None:
    """The same sentences with spaces, through a catalogue of their own."""
    dictionary = Dictionary()
    spaced: dict[str, list[tuple[str, str]]] = {"spaced": [], "spaced kana": []}
    for form in forms:
        try:
            nodes = dictionary.analyze_best(form.text)
        except ClipError:
            continue
        sound = "".join(node["pron"].replace("’", "") for node in nodes if node["mora_size"])
        if _agrees(sound, form.reading or "", as_said=options.as_said):
            spaced["spaced"].append((_space(nodes, "string"), sound))
            spaced["spaced kana"].append((kana_to_hiragana(_space(nodes, "read")), sound))
    for name, rows in spaced.items():
        said = _read_texts([text for text, _ in rows], settings)
        wrong = [
            (text, line, each)
            for (text, line), each in zip(rows, said, strict=True)
            if isinstance(each, str) or not _agrees(_kana(each), line, as_said=True)
        ]
        print(f"{name:11}{len(rows):6,} sentences: {len(wrong)} misread")
        if options.list:
            for text, line, each in wrong:
                print(
                    f"    {text}\n      said {each if isinstance(each, str) else _kana(each)}\n      line {line}"
                )


def _space(nodes: Sequence[Node], key: str) -> str:
    """The text of an analysis, or its reading, with spaces between phrases."""
    text, before = "", None
    for node in nodes:
        part = node["string"] if key == "string" or not node["mora_size"] else _spell(node)
        if before is not None and _begins_phrase(before, node):
            text += " "
        text += part
        before = node
    return text


def _spell(node: Node) -> str:
    """A word in kana: numbers and counters as they sound, all else as it is spelled."""
    sound = node["pron"].replace("’", "")
    is_spelled_so = node["pos"] == "助詞" or _to_sound(node["read"]) == _to_sound(sound)
    return node["read"] if is_spelled_so else sound


def _begins_phrase(before: Node, node: Node) -> bool:
    return (
        node["pos"] not in _DEPENDENT
        and before["pos"] not in {"接頭詞", "記号"}
        and node["pos_group1"] not in {"接尾", "非自立"}
        and (before["pos"], node["pos"]) != ("名詞", "名詞")
        and node["string"] not in {"する", "し", "さ", "せ", "できる", "でき"}
    )


def _read_texts(texts: Sequence[str], settings: Settings) -> list[Pronunciation | str]:
    """What is said for sentences as a catalogue has them."""
    entry = {"id": 1, "title": "spaced", "examples": [{"japanese": text} for text in texts]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grammar.json"
        path.write_text(json.dumps([entry]), encoding="utf-8")
        flags = {"paths": (str(path),)}
        own = load(flags=flags, environment={}, folder=Path(folder))
        trouble = LoadProblems()
        [reader] = open_catalogues(own, trouble)
        forms = {clip.part: clip.form for clip in reader.iter_clips()}
    said = _read(list(dict.fromkeys(forms.values())), settings)
    # A dialogue yields no sentence; it counts as misread.
    found = (forms.get(f"example-{number}") for number in range(1, len(texts) + 1))
    return ["no clip" if form is None else said[form] for form in found]


# Pitch


def _choose_words(
    said: dict[SpokenForm, Pronunciation | str],
    listed: dict[tuple[str, str], set[int]],
    count: int,
) -> list[tuple[SpokenForm, int]]:
    """Words with the accent that the file lists, spread over all; any words without a file."""
    found: list[tuple[SpokenForm, int]] = []
    for form, each in said.items():
        if isinstance(each, str) or len(each.phrases) != 1 or _is_wrong(form, each):
            continue
        [phrase] = each.phrases
        known = listed.get((form.text, _to_sound(form.reading or "")))
        if len(split_morae(phrase.kana)) >= 2 and (
            not listed or (known and phrase.accent in known)
        ):
            found.append((form, phrase.accent))
    return _spread(found, count)


async def _report_pitch(
    words: Sequence[tuple[SpokenForm, int]], settings: Settings, options: argparse.Namespace
) -> None:
    name, _, voice = options.voice.partition("/")
    provider = registry.load_engine(name, settings)
    if problem := provider.problem():
        print(f"pitch      not measured: {problem}")
        return
    info = next(each for each in provider.voices() if not voice or each.name == voice)
    right = compared = 0
    wrong: list[str] = []
    async with (
        provider.open(workers=1, timeout_seconds=120, words=settings.words) as speaker,
        OpenJTalk(settings).open(workers=1, timeout_seconds=120) as reference,
    ):
        for form, accent in words:
            fits = await _fit_accents(
                form,
                accent,
                _Ear(speaker, Voice(provider=name, name=info.name), info.gender),
                _Ear(reference, MEI, "female"),
            )
            if accent not in fits:
                continue
            compared += 1
            best = min(fits, key=fits.__getitem__)
            is_right = fits[accent] <= fits[best] + _ALIKE
            right += is_right
            if not is_right:
                wrong.append(f"    {form.text} {form.reading}: accent {accent}, measured {best}")
    print(
        f"pitch      {compared:6,} words of {options.voice}: {_show(Score(right, compared))} right"
    )
    if options.list and wrong:
        print("\n".join(wrong))


class _Ear(NamedTuple):
    """A voice whose pitch is measured."""

    speaker: Speaker
    voice: Voice
    gender: str | None

    async def measure(self, form: SpokenForm, accent: int) -> NDArray[np.float64]:
        """The pitch of each mora of a word, and of が behind it, in semitones; nan without a voice.

        Raises:
            ClipError: the voice cannot say the word.
        """
        subject = SpokenForm(
            text=f"{form.text}がある", reading=f"{form.reading}ガアル", accent=accent
        )
        speech = await self.speaker.speak(subject, self.voice)
        return _measure_morae(speech, form.reading or "", _MALE if self.gender == "male" else 0.0)


async def _fit_accents(
    form: SpokenForm, accent: int, judged_voice: _Ear, reference: _Ear
) -> dict[int, float]:
    """How far a word is from the reference with each possible accent, in semitones.

    The reference is OpenJTalk's voice Mei. Its range may be wider or narrower than the voice's.
    """
    try:
        own = await judged_voice.measure(form, accent)
        patterns = {
            each: await reference.measure(form, each)
            for each in possible_accents(form.reading or "")
        }
    except ClipError:
        return {}
    voiced = ~np.isnan(own) & ~np.isnan(np.stack(list(patterns.values()))).any(axis=0)
    if voiced.sum() < _FEWEST_VOICED:
        return {}
    return {each: _distance(own[voiced], pattern[voiced]) for each, pattern in patterns.items()}


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    one, other = one - one.mean(), other - other.mean()
    power = float((other**2).sum())
    scale = float((one * other).sum()) / power if power else 0.0
    return float(np.sqrt(((one - np.clip(scale, *_SCALES) * other) ** 2).mean()))


def _measure_morae(speech: Speech, reading: str, half_tones: float) -> NDArray[np.float64]:
    """The pitch of each mora of a word and of が behind it, in semitones; nan without a voice.

    Times are those of OpenJTalk's voice Mei, stretched to the length of the sound.
    """
    samples = speech.samples.astype(np.float64)
    loud = np.flatnonzero(np.abs(samples) > _QUIET * np.abs(samples).max())
    begin, end = loud[0] / speech.rate_hz, loud[-1] / speech.rate_hz
    track = pitch(samples, speech.rate_hz, half_tones=half_tones)
    lengths = np.asarray(estimate_mora_seconds(f"{reading}ガアル"))
    ends = begin + np.cumsum(lengths) * (end - begin) / lengths.sum()
    starts = np.concatenate([[begin], ends[:-1]])
    return np.array(
        [
            _median_semitones(track, (one + two) / 2, two)
            for one, two in zip(starts, ends, strict=True)
        ]
    )[:-2]


def _median_semitones(track: NDArray[np.float64], begin: float, end: float) -> float:
    voiced = track[round(begin / _STEP_SECONDS) : max(round(end / _STEP_SECONDS), 1)]
    voiced = voiced[~np.isnan(voiced)]
    return float(12 * np.log2(np.median(voiced))) if voiced.size else float("nan")


if __name__ == "__main__":
    sys.exit(main())
