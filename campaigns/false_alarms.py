"""How many planted defects the checks find in clips of data/, and how many alarms are false.

    python campaigns/false_alarms.py [--every 1] [--speeds 1] [--jobs 2]

OpenJTalk says every clip of data/, and each is checked as it is; a passage is said in one piece.
Then words and sentences, one of so many, are damaged in every way of tests/checks/defects.py, said
1.5 times as fast, and words with another accent; each must be found by one of the rules that are
for it. The second column is of the same clips when nothing is known of their voice. The exit code
is 1 if more than 0.5 % of the clips give a false alarm at a speed of 1.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.checks.defects import DEFECTS, SOUND, Take  # noqa: E402 - found only now
from tts_assets.audio import finish  # noqa: E402
from tts_assets.checks import Expected, Rule, check_bytes  # noqa: E402
from tts_assets.domain import SpokenForm, Voice  # noqa: E402
from tts_assets.errors import ClipError  # noqa: E402
from tts_assets.japanese.kana import morae  # noqa: E402
from tts_assets.open_catalogues import Trouble, open_catalogues  # noqa: E402
from tts_assets.providers.openjtalk_engine import Engine  # noqa: E402
from tts_assets.settings import Settings  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.domain import Pronunciation

#: Of all clips.
MOST_FALSE = 0.005
VOICE = Voice(provider="openjtalk", name="mei")
UNKNOWN = "unknown/voice"
#: Parts of syllables, which carry no accent.
BOUND = "ンッー"


class Outcome(NamedTuple):
    """What came of a text.

    Args:
        false: rules that were found to be broken by the clip as it was made, in words.
        planted: of each defect, whether it was found, and of an unknown voice.
        seconds: of the sound, of processor time that it took to make, and to check.
    """

    false: list[str]
    planted: list[tuple[str, bool, bool]]
    seconds: tuple[float, float, float]


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
    for speed in args.speeds:

        def work(number: int, speed: float = speed) -> Outcome:
            form = forms[number]
            damages = speed == 1.0 and number % args.every == 0 and not form.turns
            other = _other(form, forms[number + 1 :] + forms) if damages else None
            return _outcome(form, replace(VOICE, speed=speed), other, engine)

        with ThreadPoolExecutor(args.jobs) as pool:
            outcomes = dict(zip(forms, pool.map(work, range(len(forms))), strict=True))
        # Every clip counts, though those that say the same are checked once.
        false = sum(clips[form] for form, outcome in outcomes.items() if outcome.false)
        bad |= speed == 1.0 and false > MOST_FALSE * clips.total()
        print(f"speed {speed:g}: {false} false alarms in {clips.total()} clips")
        _report(outcomes)
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


def _outcome(form: SpokenForm, voice: Voice, other: SpokenForm | None, engine: Engine) -> Outcome:
    began = thread_time()
    speech = engine.speak(form, voice)
    clip = finish(speech, SOUND).data
    made = thread_time()
    said = speech.pronunciation
    assert said is not None
    false = [f"{each.rule}: {each.told}" for each in check_bytes(clip, _expected(said, voice))]
    checked = thread_time()
    planted: list[tuple[str, bool, bool]] = []
    if other is not None:
        take = Take(speech, clip, engine.speak(other, voice))
        planted = [*_damaged(take, said), *_said_otherwise(form, said, engine)]
    seconds = (speech.samples.size / speech.rate_hz, made - began, checked - made)
    return Outcome(false, planted, seconds)


def _damaged(take: Take, said: Pronunciation) -> Iterator[tuple[str, bool, bool]]:
    for name, defect in DEFECTS.items():
        yield _found(name, defect.plant(take), said, defect.rules)


def _said_otherwise(
    form: SpokenForm, said: Pronunciation, engine: Engine
) -> Iterator[tuple[str, bool, bool]]:
    """Faster than was asked for, and with accents that can be told from the right one."""
    quick = engine.speak(form, replace(VOICE, speed=1.5))
    rules = frozenset({Rule.SHORT})
    yield _found("said 1.5 times as fast", finish(quick, SOUND).data, said, rules)
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
    assert speech.pronunciation is not None
    if [each.accent for each in speech.pronunciation.phrases] == [accent]:
        name = f"another accent, {'2 morae' if size == 2 else 'more'}"
        yield _found(name, finish(speech, SOUND).data, said, frozenset({Rule.ACCENT}))


def _found(
    name: str, clip: bytes, said: Pronunciation, rules: frozenset[Rule]
) -> tuple[str, bool, bool]:
    known = {each.rule for each in check_bytes(clip, _expected(said, VOICE))}
    unknown = {each.rule for each in check_bytes(clip, _expected(said, VOICE, UNKNOWN))}
    return name, not rules.isdisjoint(known), not rules.isdisjoint(unknown)


def _expected(said: Pronunciation, voice: Voice, called: str = "openjtalk/mei") -> Expected:
    return Expected(
        sound=SOUND, pronunciation=said, speed=voice.speed, voice=called, says_accents=True
    )


def _report(outcomes: dict[SpokenForm, Outcome]) -> None:
    for form, outcome in outcomes.items():
        for told in outcome.false:
            print(f"  {form.text[:20]}: {told}")
    sound, making, checking = (
        sum(each.seconds[part] for each in outcomes.values()) for part in range(3)
    )
    print(f"  {sound:.0f} s of sound took {making:.0f} s to make, and {checking:.1f} s to check")
    planted = [each for outcome in outcomes.values() for each in outcome.planted]
    total = Counter(name for name, _, _ in planted)
    found = Counter(name for name, known, _ in planted if known)
    unknown = Counter(name for name, _, of_unknown in planted if of_unknown)
    if planted:
        print(f"  {'defect':28} {'planted':>8} {'found':>8} {'unknown voice':>14}")
    for name, count in total.items():
        shares = f"{found[name] / count:8.1%} {unknown[name] / count:14.1%}"
        print(f"  {name:28} {count:8} {shares}")


if __name__ == "__main__":
    sys.exit(main())
