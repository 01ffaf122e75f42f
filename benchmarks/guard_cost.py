"""What normalising and the reading guard cost, beside the dictionary calls that nobody can do without.

    python benchmarks/guard_cost.py [--words 6000] [--repeat 7]

Every word is another one, so that no cache helps: those of data/, and compounds of their kanji that
the dictionary knows. One in thirty has a reading that is not the dictionary's first, as in the
word lists of the JLPT. The peer analyses each word once, and looks at the next analyses of those
that disagree. Both work in this process, in turn; the median of the ratios of each turn is printed,
and the exit code is 1 when it is over 1.5.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING, Any

from tts_assets.japanese.analysis import nodes_to_key, nodes_to_spelling
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.japanese.word_forms import build_word_forms

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).resolve().parent.parent / "data"
#: As open-anki-jlpt-decks have it: 220 of 6,672 words.
ONE_IN = 30
MOST = 1.5


def main() -> int:
    """Measure both in turn; 1 when the ratio is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    parser.add_argument("--words", type=int, default=6_000)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()
    if options.smoke:
        options.words, options.repeat = 40, 1
    dictionary = Dictionary()
    words = list(itertools.islice(_words(dictionary), options.words))
    disagreeing = {
        word
        for word, reading in words
        if nodes_to_key(dictionary.analyze_best(word)) != pronunciation_key(reading)
    }
    floors, ours = [], []
    for _ in range(options.repeat):
        floors.append(_floor(words, disagreeing))
        ours.append(_ours(words, dictionary))
    ratio = statistics.median(own / floor for own, floor in zip(ours, floors, strict=True))
    each = 1e6 / len(words)
    print(f"{len(words)} words, {len(disagreeing)} of them read otherwise, {options.repeat} turns")
    print(
        f"floor {statistics.median(floors) * each:.0f} us a word, "
        f"ours {statistics.median(ours) * each:.0f} us, ratio {ratio:.2f} (median)"
    )
    # Few words say nothing about the ratio.
    return 1 if ratio > MOST and not options.smoke else 0


def _floor(words: list[tuple[str, str]], disagreeing: set[str]) -> float:
    import pyopenjtalk
    from pyopenjtalk.openjtalk import OpenJTalk

    analyser = OpenJTalk(dn_mecab=pyopenjtalk.OPEN_JTALK_DICT_DIR)
    begun = thread_time()
    for word, _ in words:
        pyopenjtalk.run_frontend(word, jtalk=analyser)
        if word in disagreeing:
            pyopenjtalk.run_mecab_nbest_features(word, 30, jtalk=analyser)
    return thread_time() - begun


def _ours(words: list[tuple[str, str]], dictionary: Dictionary) -> float:
    begun = thread_time()
    for word, reading in words:
        forms = build_word_forms(word, reading)
        if isinstance(forms, str):
            raise SystemExit(f"{word}: {forms}")
        for form in forms:
            resolve_reading(form, dictionary)
    return thread_time() - begun


def _words(dictionary: Dictionary) -> Iterator[tuple[str, str]]:
    """Words and readings, each once; without end but for the kanji's."""
    seen: set[str] = set()
    turn = itertools.cycle(range(ONE_IN))
    for word, reading in itertools.chain(_of_data(), _compounds(dictionary)):
        if word in seen:
            continue
        seen.add(word)
        other = _other_reading(word, dictionary) if next(turn) == 0 else None
        yield word, other or reading


def _of_data() -> Iterator[tuple[str, str]]:
    for entry in json.loads((DATA / "vocabulary.json").read_bytes()):
        yield entry["word"], entry["reading"]
    for entry in json.loads((DATA / "kanji.json").read_bytes()):
        for example in entry["examples"]:
            yield example["word"], example["reading"]


def _compounds(dictionary: Dictionary) -> Iterator[tuple[str, str]]:
    """Words of two and three kanji that the dictionary has, in an order of chance."""
    kanji = sorted({sign for text in _texts() for sign in text if "一" <= sign <= "鿿"})
    chance = random.Random(1)
    while True:
        word = "".join(chance.choices(kanji, k=chance.choice((2, 2, 2, 3))))
        if any(entry.grammar[0] == "名詞" for entry in dictionary.find_entries(word)):
            nodes = dictionary.analyze_best(word)
            yield word, nodes_to_spelling(nodes)


def _texts() -> Iterator[str]:
    def strings(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | dict):
            for each in value.values() if isinstance(value, dict) else value:
                yield from strings(each)

    for file in sorted(DATA.glob("*.json")):
        yield from strings(json.loads(file.read_bytes()))


def _other_reading(word: str, dictionary: Dictionary) -> str | None:
    """A reading that one of the next analyses has."""
    first = nodes_to_key(dictionary.analyze_best(word))
    others = (
        nodes for nodes in dictionary.list_alternatives(word, 30) if nodes_to_key(nodes) != first
    )
    return next((nodes_to_spelling(nodes) for nodes in others), None)


if __name__ == "__main__":
    raise SystemExit(main())
