"""How many planted defects the checks find in clips of data/, and how many alarms are false.

    python campaigns/false_alarms.py [--every 1] [--speeds 1] [--jobs 2] [--voices mei-low mei-high]
    python campaigns/false_alarms.py --kokoro kokoro-v1.0.int8.onnx voices.npz   # all its Japanese voices
    python campaigns/false_alarms.py --smoke    # a few seconds

OpenJTalk says every clip of data/, and each is checked as it is; a passage is said in one piece.
Then words and sentences, one of so many, are damaged in every way of tests/audio/defects.py, said
1.5 times as fast, and words with another accent; each must be found by one of the rules that are
for it. The second column is of the same clips when their voice is unknown and its pace is learned
from the other half of the clips, the third when nothing is known of it.

Other voices, men among them, say one of so many words and sentences, and all morae of the kana
charts alone. Then breaths of 40 to 120 ms are put behind clips of every voice.

The exit code is 1 if more than 0.5 % of the clips give a false alarm, of the known voice at a speed
of 1, or of the learned.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.audio.defects import DEFECTS, SOUND, DamagedTake, add_puff
from tts_assets.audio.audio_checks import check_bytes
from tts_assets.audio.expected_length import ExpectedSound, Rule, is_whispered
from tts_assets.audio.render import finish
from tts_assets.build.plan import recipes
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.config.settings import Settings
from tts_assets.engines.openjtalk_engine import OpenJTalkEngine
from tts_assets.errors import ClipError
from tts_assets.japanese.accent_notation import format_accent_phrases
from tts_assets.model import Finding, SpokenForm, Voice, split_morae
from tts_assets.quality.assets_to_verify import SpeakingRates
from tts_assets.store import ledger_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tts_assets.audio.speech_activity import SpeakingRate
    from tts_assets.model import Pronunciation, Recording, Speech

    Speak = Callable[[SpokenForm], Speech]

#: Of all clips.
MOST_FALSE = 0.005
VOICE = Voice(provider="openjtalk", name="mei")
KNOWN, UNKNOWN = "openjtalk/mei", "unknown/voice"
#: Parts of syllables, which carry no accent.
BOUND = "ンッー"
GOJUON = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
    "ガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポ"
)
STOPS = frozenset("カキクケコタチツテトパピプペポ")
YOON = [first + second for first in "キシチニヒミリギジビピ" for second in "ャュョ"]
LONGEST_TEXT = 60
#: Of puffs: seconds, decibels beside the loudest 10 ms of the clip, and seconds behind its end.
PUFF_SECONDS = (0.04, 0.06, 0.08, 0.12)
PUFF_LEVELS = (-12, -20, -25, -30, -35)
PUFF_GAPS = (0.08, 0.13, 0.2, 0.3, 0.4)


class Made(NamedTuple):
    """A clip as it was made.

    Args:
        recording: what was made.
        said: how it was said.
        speed: how fast.
        false: rules that were found to be broken by it, in words.
        seconds: of the sound, of processor time that it took to make, and to check.
    """

    recording: Recording
    said: Pronunciation
    speed: float
    false: list[str]
    seconds: tuple[float, float, float]


class Planted(NamedTuple):
    """A defect, and whether it was found: of the known voice, a learned one, and an unknown one."""

    name: str
    known: bool
    learned: bool
    unknown: bool


class Speaker(NamedTuple):
    """A voice.

    Args:
        voice: its name and provider.
        speak: says a form once, and has its sound ready from then on.
    """

    voice: Voice
    speak: Speak


class Puff(NamedTuple):
    """A breath behind a clip, and whether it was found.

    Args:
        end: how the text ends, in words.
        seconds: how long it is.
        level: its decibels.
        gap: the silence before it.
        is_found: by the rule for what follows an end.
    """

    end: str
    seconds: float
    level: int
    gap: float
    is_found: bool


def main() -> int:
    """Say, check, damage and check again; 1 when too many alarms are false."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1, help="damage one clip of so many")
    parser.add_argument("--speeds", type=float, nargs="+", default=[1.0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--voices", nargs="*", default=["mei-low", "mei-high"])
    parser.add_argument("--kokoro", nargs=2, metavar=("MODEL", "VOICES"), help="files of Kokoro")
    parser.add_argument("--smoke", action="store_true", help="a few of all")
    args = parser.parse_args()
    engine, clips = OpenJTalkEngine(), Counter(_all_forms())
    kana = [SpokenForm(text=mora, reading=mora) for mora in (*GOJUON, *YOON)]
    if args.smoke:
        # Enough to learn a pace from either half.
        words = [form for form in clips if not form.sentence and not form.turns]
        clips, args.every, args.voices = Counter(words[:80]), 30, ["mei-low"]
    forms, bad = list(clips), False
    with ThreadPoolExecutor(args.jobs) as pool:
        for speed in args.speeds:
            voice = replace(VOICE, speed=speed)
            made = list(
                pool.map(
                    partial(_made, voice=voice, speak=partial(engine.speak, voice=voice)), forms
                )
            )
            paces = [_pace(made[half::2]) for half in (1, 0)]
            alarms = {
                "known": [each.false for each in made],
                "learned": [_alarms(each, paces[at % 2]) for at, each in enumerate(made)],
            }
            print(f"speed {speed:g}")
            bad |= _report(clips, alarms, known_too=speed == 1.0)
            _report_seconds(made)
            if speed == 1.0:
                damaged = [at for at in range(0, len(forms), args.every) if not forms[at].turns]
                others = [paces[at % 2] for at in damaged]
                found = pool.map(partial(_planted, forms, engine), damaged, others)
                _report_planted([each for some in found for each in some])
        for speaker in _find_speakers(args, engine):
            _report_speaker(speaker, forms[:: args.every], pool, kana[:: 10 if args.smoke else 1])
    return int(bad)


def _find_speakers(args: argparse.Namespace, engine: OpenJTalkEngine) -> list[Speaker]:
    """The known voice and the others that were asked for."""
    voices = [Voice(provider="openjtalk", name=name) for name in (VOICE.name, *args.voices)]
    speakers = [Speaker(voice, cache(partial(engine.speak, voice=voice))) for voice in voices]
    if args.kokoro:
        from tts_assets.engines import kokoro, kokoro_engine

        other = kokoro_engine.KokoroEngine(*args.kokoro, "cpu")
        names = kokoro.voice_names(Path(args.kokoro[1]))
        voices = [Voice(provider="kokoro", name=name) for name in names if name.startswith("j")]
        speakers += [Speaker(voice, cache(partial(other.speak, voice=voice))) for voice in voices]
    return speakers


def _report_speaker(
    speaker: Speaker, texts: list[SpokenForm], pool: ThreadPoolExecutor, kana: list[SpokenForm]
) -> None:
    """Print the false alarms in texts and in single morae by a voice, and the puffs found."""
    voice = speaker.voice
    texts = [form for form in texts if not form.turns and len(form.text) < LONGEST_TEXT]
    print(f"{voice.provider}/{voice.name}")
    for name, forms in (("words and sentences", texts), ("single morae", kana)):
        made = list(pool.map(partial(_made, voice=voice, speak=speaker.speak), forms))
        rules = Counter(
            rule for each in made for rule in {told.split(":")[0] for told in each.false}
        )
        count = sum(bool(each.false) for each in made)
        print(f"  {name}: {count} false alarms in {len(made)} clips {dict(rules) or ''}")
    found = pool.map(partial(_plant_puffs, speaker), enumerate(texts + kana[::3]))
    _report_puffs([puff for puffs in found for puff in puffs])


def _plant_puffs(speaker: Speaker, numbered: tuple[int, SpokenForm]) -> list[Puff]:
    """Puffs of every level behind a clip, their lengths and gaps drawn by chance."""
    number, form = numbered
    chance = random.Random(number)
    speech = speaker.speak(form)
    said = _said(speech)
    expected = _expected(said, 1.0, _name(speaker.voice))
    last = [mora for phrase in said.phrases for mora in split_morae(phrase.kana)][-1]
    end = "voiced"
    if is_whispered(last, "カ"):
        end = "stop, i or u" if last[0] in STOPS else "fricative, i or u"
    elif last[0] in STOPS:
        end = "stop, a, e or o"
    puffs = []
    for level in PUFF_LEVELS:
        seconds, gap = chance.choice(PUFF_SECONDS), chance.choice(PUFF_GAPS)
        with_puff = add_puff(speech, seconds=seconds, level_db=level, gap_seconds=gap)
        rules = {each.rule for each in check_bytes(finish(with_puff, SOUND).data, expected)}
        puffs.append(Puff(end, seconds, level, gap, Rule.TAIL in rules))
    return puffs


def _report_puffs(puffs: list[Puff]) -> None:
    """Print how many were found, by each of what they differ in."""
    for field in ("level", "gap", "seconds", "end"):
        values = sorted({getattr(puff, field) for puff in puffs})
        # Softer ones are at the limit of what is looked for.
        loud = [puff for puff in puffs if field == "level" or puff.level > PUFF_LEVELS[-2]]
        shares = {
            value: [puff.is_found for puff in loud if getattr(puff, field) == value]
            for value in values
        }
        row = (f"{value}: {sum(own) / len(own):.0%} of {len(own)}" for value, own in shares.items())
        print(f"  puffs by {field:8}", "; ".join(row))


def _all_forms() -> Iterator[SpokenForm]:
    """What every clip of data/ says."""
    for reader in open_catalogues(Settings(paths=(str(ROOT / "data"),)), LoadProblems()):
        yield from (clip.form for clip in reader.iter_clips())


def _other(form: SpokenForm, others: list[SpokenForm]) -> SpokenForm:
    """A text that is half as long, or twice."""
    size = len(form.reading or form.text)
    for other in others:
        length = len(other.reading or other.text)
        if not other.turns and not 0.5 * size < length < 2 * size:
            return other
    raise AssertionError("all texts are of one length")


def _made(form: SpokenForm, voice: Voice, speak: Speak) -> Made:
    began = thread_time()
    speech = speak(form)
    recording = finish(speech, SOUND)
    done = thread_time()
    said = _said(speech)
    found = check_bytes(recording.data, _expected(said, voice.speed, _name(voice)))
    seconds = (speech.samples.size / speech.rate_hz, done - began, thread_time() - done)
    return Made(recording, said, voice.speed, _in_words(found), seconds)


def _pace(clips: list[Made]) -> SpeakingRate | None:
    """What the ledger would tell of the pace of a voice that has said these."""
    lines = [
        ledger_line.Line(
            asset=str(number),
            recipe=str(number),
            text="",
            reading=None,
            spoken=format_accent_phrases(clip.said.phrases),
            voice=UNKNOWN,
            speed=clip.speed,
            sound=recipes.sound_words(SOUND),
            engine="",
            sha256="",
            bytes=1,
            seconds=clip.recording.seconds,
            lufs=clip.recording.lufs,
            peak_dbtp=clip.recording.peak_dbtp,
        )
        for number, clip in enumerate(clips)
    ]
    return SpeakingRates(lines).find_rate(UNKNOWN, "", clips[0].speed)


def _alarms(clip: Made, pace: SpeakingRate | None) -> list[str]:
    expected = _expected(clip.said, clip.speed, UNKNOWN, pace)
    return _in_words(check_bytes(clip.recording.data, expected))


def _planted(
    forms: list[SpokenForm], engine: OpenJTalkEngine, at: int, pace: SpeakingRate | None
) -> list[Planted]:
    form = forms[at]
    speech = engine.speak(form, VOICE)
    other = engine.speak(_other(form, forms[at + 1 :] + forms), VOICE)
    take, said = DamagedTake(speech, finish(speech, SOUND).data, other), _said(speech)
    return [
        *(_found(name, each.plant(take), said, each.rules, pace) for name, each in DEFECTS.items()),
        *_said_otherwise(form, said, pace, engine),
    ]


def _said_otherwise(
    form: SpokenForm, said: Pronunciation, pace: SpeakingRate | None, engine: OpenJTalkEngine
) -> Iterator[Planted]:
    """Faster than was asked for, and with accents that can be told from the right one."""
    quick = engine.speak(form, replace(VOICE, speed=1.5))
    rules = frozenset({Rule.SHORT})
    yield _found("said 1.5 times as fast", finish(quick, SOUND).data, said, rules, pace)
    phrase = said.phrases[0]
    size = len(split_morae(phrase.kana))
    if form.sentence or len(said.phrases) > 1 or size < 2 or split_morae(phrase.kana)[1] in BOUND:
        return
    accent = 1 if phrase.accent != 1 else 0
    asked = form._replace(reading=form.reading or phrase.kana, accent=accent)
    try:
        speech = engine.speak(asked, VOICE)
    except ClipError:
        return
    if [each.accent for each in _said(speech).phrases] == [accent]:
        name = f"another accent, {'2 morae' if size == 2 else 'more'}"
        yield _found(name, finish(speech, SOUND).data, said, frozenset({Rule.ACCENT}), pace)


def _found(
    name: str, clip: bytes, said: Pronunciation, rules: frozenset[Rule], pace: SpeakingRate | None
) -> Planted:
    of_voices = [
        {each.rule for each in check_bytes(clip, expected)}
        for expected in (
            _expected(said, 1.0, KNOWN),
            _expected(said, 1.0, UNKNOWN, pace),
            _expected(said, 1.0, UNKNOWN),
        )
    ]
    return Planted(name, *(not rules.isdisjoint(found) for found in of_voices))


def _expected(
    said: Pronunciation, speed: float, voice: str, pace: SpeakingRate | None = None
) -> ExpectedSound:
    return ExpectedSound(
        sound=SOUND,
        pronunciation=said,
        speed=speed,
        voice=voice,
        says_accents=not voice.startswith("kokoro/"),
        pace=pace,
    )


def _name(voice: Voice) -> str:
    return f"{voice.provider}/{voice.name}"


def _said(speech: Speech) -> Pronunciation:
    assert speech.pronunciation is not None
    return speech.pronunciation


def _in_words(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{each.rule}: {each.message}" for each in findings]


def _report(
    clips: Counter[SpokenForm], alarms: dict[str, list[list[str]]], *, known_too: bool
) -> bool:
    """Whether too many are false; every clip counts, though those that say the same are made once."""
    bad = False
    for name, found in alarms.items():
        false = sum(count for count, told in zip(clips.values(), found, strict=True) if told)
        bad |= (known_too or name != "known") and false > MOST_FALSE * clips.total()
        print(f"  {name}: {false} false alarms in {clips.total()} clips")
        for form, told in zip(clips, found, strict=True):
            for each in told:
                print(f"    {form.text[:20]}: {each}")
    return bad


def _report_seconds(made: list[Made]) -> None:
    sound, making, checking = (sum(each.seconds[part] for each in made) for part in range(3))
    print(f"  {sound:.0f} s of sound took {making:.0f} s to make, and {checking:.1f} s to check")


def _report_planted(planted: list[Planted]) -> None:
    print(f"  {'defect':28} {'planted':>8} {'known':>8} {'learned':>8} {'unknown':>8}")
    for name in dict.fromkeys(each.name for each in planted):
        own = [each for each in planted if each.name == name]
        shares = (sum(column) / len(own) for column in list(zip(*own, strict=True))[1:])
        print(f"  {name:28} {len(own):8} " + " ".join(f"{share:8.1%}" for share in shares))


if __name__ == "__main__":
    sys.exit(main())
