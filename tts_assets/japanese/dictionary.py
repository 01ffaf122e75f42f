"""The front end of OpenJTalk, and the user's own words compiled for it."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import tempfile
import threading
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_assets.errors import ClipError, UsageError
from tts_assets.japanese.analysis import (
    DictionaryEntry,
    UniDic,
    compare_span_readings,
    expand_small_kana,
    find_features,
    join_into_phrase,
    nodes_to_key,
    parse_entry,
    to_accent_phrases,
)
from tts_assets.japanese.kana import to_pronunciation
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.japanese.word_accent import find_listed_accent, guess_accent
from tts_assets.japanese.word_boundaries import BOUNDARY, BoundaryAnalyzer, remove_boundaries
from tts_assets.model import WordKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tts_assets.japanese.analysis import Nodes, Span, SpanReading
    from tts_assets.model import DictionaryWord

#: Part of speech, type and form of conjugation, as the dictionary's left-id.def spells them.
_GRAMMAR = {
    WordKind.NOUN: ("名詞", "一般", "*", "*", "*", "*"),
    WordKind.NAME: ("名詞", "固有名詞", "一般", "*", "*", "*"),
    WordKind.VERB: ("動詞", "自立", "*", "*", "一段", "基本形"),
    WordKind.ADJECTIVE: ("形容詞", "自立", "*", "*", "形容詞・アウオ段", "基本形"),
    WordKind.SUFFIX: ("名詞", "接尾", "一般", "*", "*", "*"),
}

#: With this cost a word beats all entries of the dictionary, even if it has one kana. A cost is a
#: 16-bit number, and connections of words cost between -14,000 and 5,000.
_CHEAPEST = -30_000

_STEP = 1_000  #: how much cheaper a word is than shorter words that fill it completely

#: How much cheaper a word is than a shorter one that leaves a rest, which the dictionary may join with
#: the next characters: 東京大・会 and 東京・大会.
_STEP_WITH_REST = 5_000


def parse_context_ids(definitions: Iterable[str]) -> dict[WordKind, int]:
    """Read the context numbers of the kinds of word from the dictionary's left-id.def.

    They are the same as those of right-id.def, in this dictionary as in all of its family.
    """
    kinds = {",".join((*columns, "*")): kind for kind, columns in _GRAMMAR.items()}
    pairs = (line.strip().split(" ", 1) for line in definitions if " " in line)
    return {kinds[feature]: int(number) for number, feature in pairs if feature in kinds}


def assign_costs(surfaces: Collection[str]) -> dict[str, int]:
    """Assign costs such that all words beat the dictionary, and longer words beat shorter ones.

    Words within a longer one share its cost, so that they never beat it together.
    """
    words = frozenset(surfaces)
    found = dict.fromkeys(sorted(words, key=len, reverse=True), _CHEAPEST)
    for longer, cost in found.items():
        inner = [part for part in _list_substrings(longer) if part in words]
        most = _count_side_by_side(longer, inner)
        share = (cost + _STEP) // most if most > 1 else cost + _STEP_WITH_REST
        for part in inner:
            found[part] = max(found[part], share)
    return found


def _list_substrings(word: str) -> set[str]:
    ends = range(1, len(word) + 1)
    return {word[start:end] for end in ends for start in range(end)} - {word}


def _count_side_by_side(word: str, parts: Iterable[str]) -> int:
    """Count how many of the parts fit into a word without overlap."""
    most = [0]
    for end in range(1, len(word) + 1):
        fitting = (most[end - len(part)] + 1 for part in parts if word[:end].endswith(part))
        most.append(max(most[-1], *fitting, 0))
    return most[-1]


def compile_lexicon(
    words: Sequence[DictionaryWord],
    accents: Mapping[DictionaryWord, int],
    numbers: Mapping[WordKind, int],
    index: Callable[[str, str], None],
) -> bytes:
    """Compile words, in the analyser's normalised spelling, to a dictionary.

    ``index`` compiles a CSV file, given by its path, into a dictionary at another path.

    Raises:
        UsageError: they cannot be compiled.
    """
    prices = assign_costs([word.surface for word in words])
    with tempfile.TemporaryDirectory(prefix="tts-assets-") as folder:
        table, dictionary = Path(folder) / "words.csv", Path(folder) / "words.dic"
        with table.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            for word in words:
                number = numbers[word.kind]
                surface, *rest = _build_entry(word, accents[word]).columns
                rows.writerow([surface, number, number, prices[surface], *rest])
        try:
            index(str(table), str(dictionary))
        except (OSError, RuntimeError) as exc:
            raise UsageError(
                f"the words of [[dictionary]] cannot be compiled: {exc}; remove words until "
                "it succeeds to find the wrong one"
            ) from exc
        return dictionary.read_bytes()


def _build_entry(word: DictionaryWord, accent: int) -> DictionaryEntry:
    blank = DictionaryEntry(surface=word.surface, grammar=_GRAMMAR[word.kind], base=word.surface)
    sound = to_pronunciation(expand_small_kana(word.reading))
    return blank.replace_reading(word.reading, sound, accent)


# The dictionary: the only access to the front end of OpenJTalk (pyopenjtalk-plus).

#: The longest sentence. It takes 2 s; memory and time grow with the length.
LONGEST_SENTENCE = 400
_MARK = compile_lazy(r"[^\w]")


def _parse_entries(features: Iterable[str]) -> list[DictionaryEntry]:
    return [parse_entry(feature) for feature in features]


class Dictionary:
    """Readings and accents of Japanese; native libraries are loaded on first use.

    Texts may have boundaries, which no word crosses; see ``word_boundaries``.

    Thread-safe: each thread has its own analyser, because threads would wait for a shared one.
    """

    def __init__(self) -> None:
        """Start with the words of the library's dictionary."""
        # pyopenjtalk still calls this deprecated function, which fails if warnings are errors.
        warnings.filterwarnings("ignore", r"Dictionary\.create\(\)", DeprecationWarning)
        self.unidic = UniDic()
        self._own = threading.local()
        self._learned = b""
        self._learned_readings: frozenset[tuple[str, str | None]] = frozenset()
        self._names = _compile_names(())

    def learn(self, words: Sequence[DictionaryWord]) -> None:
        """Add the user's words; where several match, the longest wins.

        Call this before analysing anything.

        Raises:
            UsageError: the words cannot be compiled.
        """
        import pyopenjtalk  # noqa: PLC0415 - native, loaded only inside the engine's process

        if not words:
            return
        analyser = self._thread_analyzer
        spelled = {
            surface: replace(word, surface=surface)
            for word in words
            for surface in [analyser.normalize_for_mecab(word.surface)]
        }
        accents = {word: self._choose_accent(word) for word in spelled.values()}
        definitions = Path(pyopenjtalk.OPEN_JTALK_DICT_DIR.decode()) / "left-id.def"
        with definitions.open(encoding="utf-8") as lines, _silence_stdout():
            self._learned = compile_lexicon(
                tuple(spelled.values()),
                accents,
                parse_context_ids(lines),
                pyopenjtalk.mecab_dict_index,
            )
        self._learned_readings = frozenset((w.surface, w.reading) for w in spelled.values())
        self._names = _compile_names({*spelled, *(word.surface for word in words)})
        # Drop existing analysers, which lack the words.
        self._own = threading.local()

    def _choose_accent(self, word: DictionaryWord) -> int:
        if word.accent is not None:
            return word.accent
        listed = find_listed_accent(word.surface, to_pronunciation(word.reading), self.unidic)
        if listed is not None:
            return listed
        return guess_accent(word.reading, _GRAMMAR[word.kind], self, word.surface)

    def analyze_best(self, text: str) -> Nodes:
        """Return the likeliest analysis, with the library's corrections by context.

        Raises:
            ClipError: the text is too long.
        """
        import pyopenjtalk  # noqa: PLC0415 - see learn

        features = self._phrase_features(text)
        plain = remove_boundaries(text)
        if features is not None:
            nodes = self._build_nodes(features)
            return self._apply_postprocessing(plain, nodes, self._learned_readings)
        nodes = pyopenjtalk.run_frontend(_check_length(plain), jtalk=self._thread_analyzer)
        return _correct_tai_accents(nodes)

    def list_alternatives(self, text: str, most: int) -> Iterator[Nodes]:
        """Yield the likely analyses, up to 512, the likeliest first.

        Raises:
            ClipError: the text is too long.
        """
        # Analyses that respect the boundaries come first.
        for each in dict.fromkeys((text, remove_boundaries(text))):
            for path in self._thread_analyzer.run_mecab_nbest_features(_check_length(each), most):
                yield self._build_nodes(path["features"])

    def refine_accents(self, text: str, nodes: Nodes) -> Nodes:
        """Correct the accents of an alternative like those of the best, without changing its reading."""
        import pyopenjtalk  # noqa: PLC0415 - see learn

        finished: Nodes = pyopenjtalk.apply_postprocessing(
            remove_boundaries(text),
            [node.copy() for node in nodes],
            use_sudachi_kanji_yomi=False,
            predict_nani=False,
            jtalk=self._thread_analyzer,
        )
        if nodes_to_key(finished) != nodes_to_key(nodes):
            finished = nodes
        return _correct_tai_accents(finished)

    def list_tokens(self, text: str) -> list[DictionaryEntry]:
        """List the words of the likeliest analysis, before any rule."""
        features = self._phrase_features(text)
        if features is None:
            features = self._thread_analyzer.run_mecab(_check_length(remove_boundaries(text)))
        return _parse_entries(features)

    def find_names(self, text: str) -> list[tuple[int, int]]:
        """Find the spans of the user's words that contain marks, such as モーニング娘。."""
        return [name.span() for name in self._names.finditer(text)]

    def has_learned(self, nodes: Nodes) -> bool:
        """Whether any of these words is one of the user's, with its reading."""
        return bool(self._learned_readings) and any(
            (node["string"], node["read"]) in self._learned_readings for node in nodes
        )

    def find_entries(self, surface: str) -> list[DictionaryEntry]:
        """Find the dictionary's entries for a spelling, the likeliest first."""
        return _parse_entries(find_features(self._thread_analyzer, surface))

    def compare_readings(self, text: str, spans: Sequence[Span]) -> dict[Span, list[SpanReading]]:
        """Find the possible readings of spans of an analysis's text, with their costs in context."""
        return compare_span_readings(self._thread_analyzer, text, spans, _parse_entries)

    def build_analysis(
        self,
        text: str,
        tokens: Sequence[DictionaryEntry],
        fixed: Collection[DictionaryEntry] = (),
    ) -> Nodes:
        """Build an analysis of tokens: accent phrases, devoicing and all other rules applied.

        No rule changes the reading of the fixed tokens.
        """
        text = remove_boundaries(text)
        nodes = self._build_nodes([",".join(token.columns) for token in tokens])
        finished = self._apply_postprocessing(text, nodes, self._learned_readings)
        forced = {(token.surface, token.reading) for token in fixed}
        if forced <= {(node["string"], node["read"]) for node in finished}:
            return finished
        # Protect the words only now, because protected words also keep their accent: 降ります.
        return self._apply_postprocessing(text, nodes, self._learned_readings | forced)

    def _build_nodes(self, features: Sequence[str]) -> Nodes:
        nodes: Nodes = self._thread_analyzer.run_njd_from_mecab(
            features, restore_unknown_katakana=True
        )
        return nodes

    def _phrase_features(self, text: str) -> list[str] | None:
        """Analyse a text with boundaries; None without any, or if no words fit between them."""
        import pyopenjtalk  # noqa: PLC0415 - see learn

        if BOUNDARY not in text:
            return None
        if not hasattr(self._own, "phrases"):
            costs = Path(pyopenjtalk.OPEN_JTALK_DICT_DIR.decode()) / "matrix.bin"
            self._own.phrases = BoundaryAnalyzer(
                self._thread_analyzer, costs, has_own_words=bool(self._learned)
            )
        found: list[str] | None = self._own.phrases.analyze_features(_check_length(text))
        return found

    def _apply_postprocessing(
        self, text: str, nodes: Nodes, protected: Collection[tuple[str, str | None]]
    ) -> Nodes:
        """Apply the library's own rules, and keep the readings of protected words."""
        import pyopenjtalk  # noqa: PLC0415 - see learn

        copies = [node.copy() for node in nodes]
        for node in copies:
            node["is_reading_protected"] = (node["string"], node["read"]) in protected
        finished: Nodes = pyopenjtalk.apply_postprocessing(
            text, copies, jtalk=self._thread_analyzer
        )
        return _correct_tai_accents(finished)

    def impose_accent(self, nodes: Nodes, accent: int) -> Nodes:
        """Make words one accent phrase with this accent; the same object if they are."""
        found = to_accent_phrases(nodes)
        if len(found) == 1 and found[0].accent == accent:
            return nodes
        return self.devoice_vowels(join_into_phrase(nodes, accent))

    def devoice_vowels(self, nodes: Nodes) -> Nodes:
        """Devoice vowels again, by the current sounds and accents."""
        for node in nodes:
            node["pron"] = node["pron"].replace("’", "")
        marked: Nodes = self._thread_analyzer.set_unvoiced_vowel(nodes)
        return marked

    def make_labels(self, nodes: Nodes) -> list[str]:
        """Make the full-context labels of an analysis, the input of the synthesiser."""
        labels: list[str] = self._thread_analyzer.make_label(nodes)
        return labels

    @property
    def _thread_analyzer(self) -> Any:
        if not hasattr(self._own, "analyser"):
            self._own.analyser = _create_analyzer(self._learned)
        return self._own.analyser


def _compile_names(surfaces: Collection[str]) -> re.Pattern[str]:
    names = sorted(filter(_MARK.search, surfaces), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, names)) or r"(?!)")


def _create_analyzer(learned: bytes) -> Any:
    from pyopenjtalk import OPEN_JTALK_DICT_DIR  # noqa: PLC0415 - see Dictionary.learn
    from pyopenjtalk.openjtalk import OpenJTalk  # noqa: PLC0415

    if not learned:
        return OpenJTalk(dn_mecab=OPEN_JTALK_DICT_DIR)
    # The analyser maps the file, so it can be deleted: only Windows keeps it until the process ends.
    with tempfile.TemporaryDirectory(prefix="tts-assets-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "words.dic"
        path.write_bytes(learned)
        return OpenJTalk(
            dn_mecab=OPEN_JTALK_DICT_DIR,
            userdic=os.fsencode(path),
            userdic_reading_protection=[True],
        )


def _check_length(text: str) -> str:
    size = len(remove_boundaries(text))
    if size > LONGEST_SENTENCE:
        raise ClipError(
            f"a sentence of {size} characters exceeds the dictionary's limit of "
            f"{LONGEST_SENTENCE}: end sentences with 。"
        )
    return text


@contextlib.contextmanager
def _silence_stdout() -> Iterator[None]:
    """Silence the dictionary compiler, which writes its progress to standard output."""
    saved = os.dup(1)
    with open(os.devnull, "wb") as null:  # noqa: PTH123 - only its number is used
        os.dup2(null.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


def _correct_tai_accents(nodes: Nodes) -> Nodes:
    """Move the accent of a verb with たい to た: タベタ↓イ, ノミタ↓イ.

    The dictionary's rule for たい keeps the accent of an accented verb, as that for です does.
    """
    begin = 0
    for place, node in enumerate(nodes):
        if node["chain_flag"] != 1:
            begin = place
        elif (node["pos"], node["orig"]) == ("助動詞", "たい") and nodes[place - 1][
            "pos"
        ] == "動詞":
            size = sum(each["mora_size"] for each in nodes[begin:place])
            # An accent further on comes from a word behind たい.
            if nodes[begin]["acc"] <= size:
                nodes[begin]["acc"] = size + 1
    return nodes
