"""How many planted defects the checks find in clips of data/, and how many alarms are false.

    python campaigns/false_alarms.py [--every 1] [--speeds 1] [--jobs 2]

OpenJTalk says every clip of data/, and each is checked as it is; a passage is said in one piece.
Then words and sentences, one of so many, are damaged in every way of tests/checks/defects.py, said
1.5 times as fast, and words with another accent; each must be found by one of the rules that are
for it. The second column is of the same clips when their voice is unknown and its pace is learned
from the other half of the clips, the third when nothing is known of it. The exit code is 1 if more
than 0.5 % of the clips give a false alarm, of the known voice at a speed of 1, or of the learned.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.checks.defects import DEFECTS, SOUND, Take  # noqa: E402 - found only now
from tts_assets import ledger, plan  # noqa: E402
from tts_assets.audio import finish  # noqa: E402
from tts_assets.checks import Expected, Paces, Rule, check_bytes  # noqa: E402
from tts_assets.domain import Finding, SpokenForm, Voice  # noqa: E402
from tts_assets.errors import ClipError  # noqa: E402
from tts_assets.japanese.accent import notation  # noqa: E402
from tts_assets.japanese.kana import morae  # noqa: E402
from tts_assets.open_catalogues import Trouble, open_catalogues  # noqa: E402
from tts_assets.providers.openjtalk_engine import Engine  # noqa: E402
from tts_assets.settings import Settings  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.checks.pace import Pace
    from tts_assets.domain import Pronunciation, Recording, Speech

#: Of all clips.
MOST_FALSE = 0.005
VOICE = Voice(provider="openjtalk", name="mei")
KNOWN, UNKNOWN = "openjtalk/mei", "unknown/voice"
#: Parts of syllables, which carry no accent.
BOUND = "ンッー"


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


def main() -> int:
    """Say, check, damage and check again; 1 when too many alarms are false."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1, help="damage one clip of so many")
    parser.add_argument("--speeds", type=float, nargs="+", default=[1.0])
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    engine, clips = Engine(), Counter(_all_forms())
    forms, bad = list(clips), False
    with ThreadPoolExecutor(args.jobs) as pool:
        for speed in args.speeds:
            voice = replace(VOICE, speed=speed)
            made = list(pool.map(partial(_made, voice=voice, engine=engine), forms))
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
    return int(bad)


def _all_forms() -> Iterator[SpokenForm]:
    """What every clip of data/ says."""
    for reader in open_catalogues(Settings(paths=(str(ROOT / "data"),)), Trouble()):
        yield from (clip.form for clip in reader.clips())


def _other(form: SpokenForm, others: list[SpokenForm]) -> SpokenForm:
    """A text that is half as long, or twice."""
    size = len(form.reading or form.text)
    for other in others:
        length = len(other.reading or other.text)
        if not other.turns and not 0.5 * size < length < 2 * size:
            return other
    raise AssertionError("all texts are of one length")


def _made(form: SpokenForm, voice: Voice, engine: Engine) -> Made:
    began = thread_time()
    speech = engine.speak(form, voice)
    recording = finish(speech, SOUND)
    done = thread_time()
    said = _said(speech)
    found = check_bytes(recording.data, _expected(said, voice.speed, KNOWN))
    seconds = (speech.samples.size / speech.rate_hz, done - began, thread_time() - done)
    return Made(recording, said, voice.speed, _in_words(found), seconds)


def _pace(clips: list[Made]) -> Pace | None:
    """What the ledger would tell of the pace of a voice that has said these."""
    lines = [
        ledger.Line(
            asset=str(number),
            recipe=str(number),
            text="",
            reading=None,
            spoken=notation(clip.said.phrases),
            voice=UNKNOWN,
            speed=clip.speed,
            sound=plan.sound_words(SOUND),
            engine="",
            sha256="",
            bytes=1,
            seconds=clip.recording.seconds,
            lufs=clip.recording.lufs,
            peak_dbtp=clip.recording.peak_dbtp,
        )
        for number, clip in enumerate(clips)
    ]
    return Paces(lines).of(UNKNOWN, "", clips[0].speed)


def _alarms(clip: Made, pace: Pace | None) -> list[str]:
    expected = _expected(clip.said, clip.speed, UNKNOWN, pace)
    return _in_words(check_bytes(clip.recording.data, expected))


def _planted(forms: list[SpokenForm], engine: Engine, at: int, pace: Pace | None) -> list[Planted]:
    form = forms[at]
    speech = engine.speak(form, VOICE)
    other = engine.speak(_other(form, forms[at + 1 :] + forms), VOICE)
    take, said = Take(speech, finish(speech, SOUND).data, other), _said(speech)
    return [
        *(_found(name, each.plant(take), said, each.rules, pace) for name, each in DEFECTS.items()),
        *_said_otherwise(form, said, pace, engine),
    ]


def _said_otherwise(
    form: SpokenForm, said: Pronunciation, pace: Pace | None, engine: Engine
) -> Iterator[Planted]:
    """Faster than was asked for, and with accents that can be told from the right one."""
    quick = engine.speak(form, replace(VOICE, speed=1.5))
    rules = frozenset({Rule.SHORT})
    yield _found("said 1.5 times as fast", finish(quick, SOUND).data, said, rules, pace)
    phrase = said.phrases[0]
    size = len(morae(phrase.kana))
    if form.sentence or len(said.phrases) > 1 or size < 2 or morae(phrase.kana)[1] in BOUND:
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
    name: str, clip: bytes, said: Pronunciation, rules: frozenset[Rule], pace: Pace | None
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


def _expected(said: Pronunciation, speed: float, voice: str, pace: Pace | None = None) -> Expected:
    return Expected(
        sound=SOUND, pronunciation=said, speed=speed, voice=voice, says_accents=True, pace=pace
    )


def _said(speech: Speech) -> Pronunciation:
    assert speech.pronunciation is not None
    return speech.pronunciation


def _in_words(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{each.rule}: {each.told}" for each in findings]


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
