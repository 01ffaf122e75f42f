"""Calibrate the recognition of accents: how often it reports right ones, and finds wrong ones.

    python campaigns/heard_accents.py [--clips 500] [--voice openjtalk/mei] [--sentences] [--unknown]

Words of data/ (or its sentences, phrase by phrase) are said by the embedded voice. Each is recognized
twice: as it is, and with another accent expected in one of its phrases, which is the same as a wrong
accent planted in the sound; the places of the planted accents take turns. Phrases whose pitch does
not tell (one voiced mora, one possible accent) are not counted. With a voice of Kokoro (which needs
the packages of the extra kokoro-ja) the same is done with its sounds. With --unknown, the recognizer is
not given the voice, as with recordings.

The exit code is 1 if more than 1 % of the right accents are reported, or fewer than 90 % of the wrong
ones are found.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import soxr

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "campaigns"))

from accents import load_engine, load_forms

from tts_assets.engines.accent_recognizer import (
    RATE_HZ,
    AccentRecognizer,
    is_contradiction,
    list_accents,
    normalize_accent,
)
from tts_assets.engines.openjtalk_engine import OpenJTalkEngine
from tts_assets.model import Phrase, Voice

MOST_FALSE, LEAST_FOUND = 0.01, 0.90


def main() -> int:
    """Print how many are reported and found; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--voice", default="openjtalk/mei")
    parser.add_argument("--sentences", action="store_true", help="sentences instead of words")
    parser.add_argument("--unknown", action="store_true", help="as if a person had said it")
    parser.add_argument("--list", action="store_true", help="print each false alarm and each miss")
    parser.add_argument("--smoke", action="store_true", help="a few clips")
    options = parser.parse_args()
    provider, _, name = options.voice.partition("/")
    known = "" if options.unknown else options.voice
    with tempfile.TemporaryDirectory() as folder:
        words, sentences = load_forms(None, Path(folder))
        forms = sentences if options.sentences else words
        count = 6 if options.smoke else options.clips
        engine = (
            OpenJTalkEngine() if provider == "openjtalk" else load_engine(Path(folder), smoke=False)
        )
        counts: Counter[str] = Counter()
        recognizer = AccentRecognizer()
        for number, form in enumerate(forms[:: max(1, len(forms) // count)][:count]):
            speech = engine.speak(form, Voice(provider=provider, name=name))
            samples = soxr.resample(speech.samples, speech.rate_hz, RATE_HZ)
            phrases = speech.pronunciation.phrases
            place = number % len(phrases)
            found = recognizer.recognize(samples, phrases, known)
            cases = [("right", phrases, each) for each in found]
            if planted := plant_accent(phrases, place, number):
                found = recognizer.recognize(samples, planted, known)
                cases += [("wrong", planted, each) for each in found if each.place == place]
            for kind, expected, each in cases:
                is_reported = is_contradiction(each, known)
                counts[kind] += 1
                counts[f"{kind} reported"] += is_reported
                if options.list and is_reported == (kind == "right"):
                    print(f"    {kind}: {form.text[:20]} {expected[each.place]} {each}", flush=True)
    false = counts["right reported"] / max(1, counts["right"])
    share = counts["wrong reported"] / max(1, counts["wrong"])
    print(f"{options.voice}: {false:.1%} of {counts['right']} right accents reported as wrong")
    print(f"{options.voice}: {share:.1%} of {counts['wrong']} wrong accents found")
    return 0 if options.smoke or (false <= MOST_FALSE and share >= LEAST_FOUND) else 1


def plant_accent(phrases: tuple[Phrase, ...], place: int, number: int) -> tuple[Phrase, ...]:
    """The phrases with another accent in one of them; () where it can have no other."""
    phrase = phrases[place]
    others = [accent for accent in list_accents(phrase) if accent != normalize_accent(phrase)]
    if not others:
        return ()
    changed = phrase._replace(accent=others[number % len(others)])
    return (*phrases[:place], changed, *phrases[place + 1 :])


if __name__ == "__main__":
    sys.exit(main())
