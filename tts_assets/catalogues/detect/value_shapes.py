"""Measures the values of fields (Japanese, kana, running text, URLs), and infers shapes."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.detect.field_names import Role, is_metadata_key, parse_field_name
from tts_assets.config.source_paths import KEY_PATH, PathStep
from tts_assets.japanese.kana import romaji_to_katakana
from tts_assets.japanese.running_text import split_speakers
from tts_assets.japanese.spoken_signs import find_unspeakable_reason
from tts_assets.model import is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tts_assets.config.source_paths import PathSteps

_KANJI = r"一-鿿㐀-䶿豈-﫿々〆〇"
_KANA = r"ぁ-ゖァ-ヺーゝゞヽヾｦ-ﾟ"
_HAS_JAPANESE = re.compile(f"[{_KANJI}{_KANA}]")
_HAS_KANA = re.compile(f"[{_KANA}]")
_HAS_KANJI = re.compile(f"[{_KANJI}]")

#: Japanese in JSON with escaped non-ASCII characters.
_ESCAPED = re.compile(r"\\u(?:30[4-9a-fA-F]|[4-9][0-9a-fA-F]{2})[0-9a-fA-F]")
_LETTER = re.compile(r"[^\W\d_]")
_TAG = re.compile(r"<r([tp])>[^<]*</r\1>|</?[A-Za-z][^<>]*>|\[sound:[^\]]*\]|&nbsp;")
_NOTE = re.compile(r"[（(［\[【〔][^（()）［\[\]］【】〔〕]*[)）\]］】〕]")
_READING_MARK = re.compile(r"[～〜~_!^＾＿.．。!！?？「」『』…\-‐－/／;；・、,，|｜\s]")

_RUNNING = re.compile(r"[。！？!?、]|(?<=.)を(?=.)")  # no word contains the particle を

# かれは がくせいです: sentences of beginners, with spaces between phrases.
_SPACED = re.compile(
    f"[{_KANA}{_KANJI}][はがをにでとへも][ \u3000]+[{_KANA}{_KANJI}]"
    f"|[ \u3000][{_KANA}{_KANJI}]*(?:です|ます|ました|でした|ません|ください)か?$"
)

# Marks before a line with a speaker, or after the speaker's name.
_MAY_BE_LABELLED = re.compile(r"[：:「『（(【［\[]|^[ \t　]*[A-ZＡ-Ｚ男女－―—–‐-]", re.MULTILINE)
_ASIDE = re.compile(r"(?<=\S) ?[（(][^（()）\n]*[)）]")
_DASH = re.compile(r"^[ \t　]*[－―—–‐-](?=[^－―—–‐\-\d])", re.MULTILINE)
_FURIGANA = re.compile(f"[{_KANJI}][\\[［][{_KANA}]+[\\]］]|<ruby", re.IGNORECASE)
_MARK = re.compile(f"(?<=[{_KANJI}])[\\[［][{_KANA}]+[\\]］]")
_SOUND = re.compile(
    r"\[sound:[^\]]+\]|(?:[^\n]*[/=])?[^/\n]+\.(?:mp3|ogg|oga|opus|wav|m4a|aac|flac|webm)(?:[?#].*)?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?/\S+|[^\s/]+(?:/[^\s/]+)+", re.IGNORECASE)
_JAPANESE = {"ja", "jp", "jpn", "japanese"}
_LANGUAGE = re.compile("[a-z]{2,3}|[a-z]{6,}")

#: Running text is longer than words are.
_LONG = 16
_SHORT = 4
_SEVERAL = re.compile(r"[。！？!?][」』）)]?\s*[^」』）)\s。！？!?]|.\n+.")
_ENDS = set("。！？!?」")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentShares:
    """Shares, from 0 to 1, of the filled values by content."""

    filled: int  #: the number of filled texts
    japanese: float  #: written in Japanese
    kana: float  #: kana only, apart from marks and notes
    kanji: float  #: with kanji in them
    romaji: float  #: Japanese in Latin letters
    single: float  #: one character
    letter: float  #: one kana, such as ア or キャ
    running: float  #: sentences
    several: float  #: more than one sentence
    unsaid: float  #: with a blank to fill in, or otherwise never spoken
    labelled: float  #: lines with their speakers
    furigana: float  #: readings in brackets after kanji
    sound: float  #: URLs or names of audio files
    address: float  #: URLs or paths of any files
    language: bool  #: whether all are language codes, Japanese among them
    pattern: float  #: with a 〜 as a placeholder
    distinct: float  #: distinct texts
    length: float  #: the mean number of characters


def measure_content(texts: Sequence[str]) -> ContentShares:
    """Measure the content of texts, ignoring empty ones."""
    cleaned = [clean for text in texts if (clean := clean_text(text))]
    filled = [text for text in texts if text.strip()]

    def measure_share(values: Sequence[str], test: Callable[[str], object]) -> float:
        return sum(1 for value in values if test(value)) / len(values) if values else 0.0

    return ContentShares(
        filled=len(filled),
        japanese=measure_share(cleaned, is_japanese_text),
        kana=measure_share(cleaned, is_kana_text),
        kanji=measure_share(cleaned, _HAS_KANJI.search),
        romaji=measure_share(cleaned, _is_romaji),
        single=measure_share(cleaned, lambda text: len(text) == 1),
        letter=measure_share(cleaned, is_kana_letter),
        running=measure_share(cleaned, is_running_text),
        several=measure_share(cleaned, _SEVERAL.search),
        unsaid=measure_share(cleaned, find_unspeakable_reason),
        labelled=measure_share(
            cleaned, lambda text: is_japanese_text(text) and has_speaker_labels(text)
        ),
        furigana=measure_share(filled, _FURIGANA.search),
        sound=measure_share(filled, _SOUND.fullmatch),
        address=measure_share(
            filled, lambda text: _ADDRESS.fullmatch(text) or _SOUND.fullmatch(text)
        ),
        language=are_language_codes(filled),
        pattern=measure_share(cleaned, lambda text: "〜" in text or "～" in text),
        distinct=len(set(cleaned)) / len(cleaned) if cleaned else 0.0,
        length=sum(map(len, cleaned)) / len(cleaned) if cleaned else 0.0,
    )


def are_language_codes(texts: Sequence[str]) -> bool:
    """Whether texts are language codes, such as ja, jpn and ja-JP, Japanese among them."""
    codes = {text.lower().replace("_", "-").split("-")[0] for text in texts}
    return bool(codes & _JAPANESE) and all(_LANGUAGE.fullmatch(code) for code in codes)


def has_japanese(text: str) -> bool:
    """Whether a document contains Japanese."""
    return bool(_HAS_JAPANESE.search(text) or _ESCAPED.search(text))


def has_two_kanji(text: str) -> bool:
    """Whether a text has more than one kanji."""
    return len(_HAS_KANJI.findall(text)) > 1


def clean_text(text: str) -> str:
    """Remove the tags and sounds of flash cards from a text."""
    return _TAG.sub("", text).strip()


def strip_furigana(text: str) -> str:
    """Remove inline readings and spaces from a text."""
    return "".join(_MARK.sub("", text).split())


def is_japanese_text(text: str) -> bool:
    """Whether most letters of a text are Japanese."""
    letters = _LETTER.findall(text)
    if len(letters) >= _LONG // 2 and not _HAS_KANA.search(text):
        # A long text of kanji without kana is Chinese.
        return False
    return len(letters) > 0 and len(_HAS_JAPANESE.findall(text)) >= 0.6 * len(letters)


def is_kana_text(text: str) -> bool:
    """Whether a text is kana only, apart from marks and notes."""
    return is_katakana(kana_to_katakana(_strip_marks(text)))


def is_kana_letter(text: str) -> bool:
    """Whether a text is one kana, such as ア or キャ."""
    return is_kana_text(text) and len(split_morae(text)) == 1


def is_running_text(text: str) -> bool:
    """Whether a text is a sentence or more."""
    if text[-1:] in _ENDS or _SPACED.search(text) is not None:
        return True
    return len(text) >= _LONG or (len(text) > _SHORT and _RUNNING.search(text) is not None)


def has_speaker_labels(text: str) -> bool:
    """Whether two lines, or the only sentence, begin with a speaker or a dash."""
    if _MAY_BE_LABELLED.search(text) is None:
        return False
    # A name may be followed by its reading, and by a role with its reading:
    # 女（おんな）1（先生（せんせい））：
    bare = _ASIDE.sub("", _ASIDE.sub("", text)).replace("　", " ").strip()
    lines = split_speakers(bare)
    named = max(sum(who is not None for who, _ in lines), len(_DASH.findall(bare)))
    return named > 1 or (named == len(lines) == 1 and is_running_text(bare))


def fits_reading(text: str, reading: str) -> bool:
    """Whether a reading can belong to a text: it contains the kana of the text, in order."""
    if not is_kana_text(reading):
        return False
    pattern = re.sub(f"[^{_KANA}]+", "\0", kana_to_katakana(_strip_marks(text))).replace("\0", ".+")
    return re.fullmatch(pattern, kana_to_katakana(_strip_marks(reading))) is not None


def measure_fit(pairs: Sequence[tuple[str, str]]) -> float:
    """The share of pairs of a text and a reading that fit; 0 without pairs."""
    return sum(fits_reading(*pair) for pair in pairs) / len(pairs) if pairs else 0.0


def _strip_marks(text: str) -> str:
    bare = _NOTE.sub("", text)
    return _READING_MARK.sub("", bare if bare.strip() else text)


def _is_romaji(text: str) -> bool:
    return _HAS_JAPANESE.search(text) is None and romaji_to_katakana(text) is not None


# The shape of a document: its objects, lists and texts, merged over many records.


#: How many values of one place are sampled, evenly spaced.
_SAMPLE_VALUES = 400
_MAX_DEPTH = 12
_MIN_TABLE_SHARE = 0.8

_MIN_LETTERS = 5  #: fewer kana are no chart
_MAX_LISTS = 20  #: more lists than this are not compared as copies
_MAX_FIELDS = 200  #: an object with more fields than this is no record


@dataclass(slots=True, kw_only=True)
class ValueShape:
    """The merged values at one place of all records."""

    values: list[Any]  #: some of the values, null and "" included
    texts: list[str] = field(default_factory=list)  #: the texts among them that are not blank
    #: The fields of objects, or the columns of rows, which are lists of one length.
    fields: dict[str | int, ValueShape] = field(default_factory=dict)
    #: The items of lists, or the values of an object whose keys are data.
    items: ValueShape | None = None

    @property
    def is_empty(self) -> bool:
        """Whether all values are blank."""
        return all(map(is_blank, self.values))

    @property
    def is_always_filled(self) -> bool:
        """Whether no value is blank."""
        return not any(map(is_blank, self.values))

    @property
    def is_list(self) -> bool:
        """Whether there are lists, at least as many as texts."""
        lists = sum(isinstance(value, list) for value in self.values)
        return lists > 0 and lists >= len(self.texts)


def is_blank(value: object) -> bool:
    """Whether a value is null, an empty list, or a blank text."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def infer_shape(values: Sequence[Any], depth: int = 0) -> ValueShape:
    """Infer the common shape of the values at one place."""
    sample = _sample_evenly(values)
    shape = ValueShape(
        values=sample, texts=[each for each in sample if isinstance(each, str) and each.strip()]
    )
    objects = [each for each in sample if isinstance(each, dict) and each]
    lists = [each for each in sample if isinstance(each, list) and each]
    if depth > _MAX_DEPTH or len(shape.texts) > max(len(objects), len(lists)):
        return shape
    if len(objects) > len(lists):
        if (items := _infer_beside_metadata(objects, depth)) is not None:
            shape.items = items
        elif _has_data_keys(objects):
            shape.items = infer_shape(
                [value for each in objects for value in _unwrap_keyed(each)], depth + 1
            )
        else:
            shape.fields = _infer_fields(objects, depth)
    elif lists:
        width = _find_table_width(lists) if depth else None
        if width is not None:
            shape.fields = {
                at: infer_shape([row[at] for row in lists], depth + 1) for at in range(width)
            }
        else:
            shape.items = infer_shape([value for each in lists for value in each], depth + 1)
    return shape


def find_objects(
    shape: ValueShape, steps: PathSteps = ()
) -> Iterator[tuple[PathSteps, ValueShape]]:
    """Yield each object with fields that is the root or a list item, outer ones first."""
    if shape.fields:
        yield steps, shape
        yield from _find_inner_objects(shape, steps)
    elif shape.items is not None:
        yield from find_objects(shape.items, (*steps, PathStep.EVERY))


def _find_inner_objects(
    shape: ValueShape, steps: PathSteps
) -> Iterator[tuple[PathSteps, ValueShape]]:
    for key, inner in shape.fields.items():
        if inner.items is not None:
            yield from find_objects(inner.items, (*steps, key, PathStep.EVERY))
        elif inner.fields:
            yield from _find_inner_objects(inner, (*steps, key))


def _sample_evenly(values: Sequence[Any]) -> list[Any]:
    """Some of the values, from the first to the last."""
    if len(values) <= _SAMPLE_VALUES:
        return list(values)
    return [values[at * len(values) // _SAMPLE_VALUES] for at in range(_SAMPLE_VALUES)]


def _infer_fields(objects: list[dict[str, Any]], depth: int) -> dict[str | int, ValueShape]:
    keys = dict.fromkeys(key for each in objects for key in each)
    if len(keys) > _MAX_FIELDS:
        return {}
    return {
        key: infer_shape([each[key] for each in objects if key in each], depth + 1)
        for key in keys
        if _is_writable_key(key)
    }


def _is_writable_key(key: str) -> bool:
    """Whether a key can be encoded."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return bool(key)


def _has_data_keys(objects: list[dict[str, Any]]) -> bool:
    """Whether the keys are words or numbers of records, not field names."""
    counts = Counter(key for each in objects for key in each)
    if len(objects) > 2 and counts.most_common(1)[0][1] > len(objects) / 2:
        return False
    named = sum(1 for key in counts if set(parse_field_name((key,)).roles) - {Role.FORM})
    if named > 0.4 * len(counts):
        return False
    if sum(map(is_japanese_text, counts)) > 0.6 * len(counts):
        return True
    values = [value for each in objects for value in each.values()]
    if len(objects) == 1 and are_letters(values):
        # The keys of a chart of kana are often romaji.
        return True
    return len(values) > 1 and _is_uniform(values) and not _repeats_items(values)


def are_letters(values: Sequence[Any]) -> bool:
    """Whether they are the kana of a chart, which may have empty places."""
    letters = [value for value in values if not is_blank(value)]
    return (
        len(letters) >= _MIN_LETTERS
        and all(isinstance(value, str) for value in letters)
        and measure_content(letters).letter == 1
    )


def _repeats_items(values: list[Any]) -> bool:
    """Whether one of several lists of objects only repeats items of another."""
    rows = [[each for each in value if isinstance(each, dict)] for value in values if value]
    if len(rows) > _MAX_LISTS or not all(rows):
        return False
    sets = [{json.dumps(each, sort_keys=True) for each in row} for row in rows]
    return any(one <= other for one, other in permutations(sets, 2))


def _infer_beside_metadata(objects: list[dict[str, Any]], depth: int) -> ValueShape | None:
    """Infer the records under keys that are data, among objects with metadata."""
    keyed = [
        {key: value for key, value in each.items() if not is_metadata_key(key)} for each in objects
    ]
    about = [value for each in objects for key, value in each.items() if is_metadata_key(key)]
    filled = [each for each in keyed if each]
    if not about or not filled or not all(isinstance(value, dict) for value in about):
        return None
    if not _has_data_keys(filled):
        return None
    items = infer_shape([value for each in filled for value in _unwrap_keyed(each)], depth + 1)
    return items if items.fields else None


def _unwrap_keyed(keyed: dict[str, Any]) -> list[Any]:
    """The values under keys; add the keys as a field if they are texts that the objects lack."""
    values = list(keyed.values())
    rows = [[each] if isinstance(each, dict) else each for each in values]
    if not all(isinstance(row, list) and all(isinstance(one, dict) for one in row) for row in rows):
        return values
    lack = sum(
        all(key not in one.values() for one in row) for key, row in zip(keyed, rows, strict=True)
    )
    if sum(map(is_japanese_text, keyed)) <= 0.6 * len(keyed) or lack <= 0.6 * len(keyed):
        return values
    return [
        [{KEY_PATH.text: key, **one} for one in row]
        if isinstance(value, list)
        else {KEY_PATH.text: key, **value}
        for (key, value), row in zip(keyed.items(), rows, strict=True)
    ]


def _is_uniform(values: list[Any]) -> bool:
    """Whether values are records of one shape, or lists of such records."""
    rows = [each for each in values if isinstance(each, list)]
    if len(rows) == len(values):
        firsts = [row[0] for row in rows if row]
        texts = all(isinstance(each, str) and is_japanese_text(each) for each in firsts)
        return len(firsts) > 1 and (texts or _is_uniform(firsts))
    if not all(isinstance(each, dict) and each for each in values):
        return False
    if _has_data_keys(values):
        return True
    counts = Counter(key for each in values for key in each)
    common = {key for key, count in counts.items() if count >= 0.6 * len(values)}
    return bool(common) and all(2 * len(common & set(each)) >= len(each) for each in values)


def _find_table_width(rows: list[list[Any]]) -> int | None:
    """The length of rows such as ["会う", "あう", "to meet"]; None if these are lists of items."""
    # The last cells of a row may be missing.
    width, count = max(map(len, rows)), Counter(map(len, rows))
    if len(rows) < 2 or not 1 < width < 30 or count[width] < _MIN_TABLE_SHARE * len(rows):
        return None
    columns = [[row[at] for row in rows if at < len(row)] for at in range(width)]
    if any(
        isinstance(cell, dict) or (isinstance(cell, list) and not isinstance(column[0], list))
        for column in columns
        for cell in column
    ):
        return None
    # Columns differ from each other; items of a list do not.
    japanese = [
        sum(is_japanese_text(clean_text(str(cell))) for cell in column) / len(column)
        for column in columns
    ]
    is_table = max(japanese) >= _MIN_TABLE_SHARE and min(japanese) <= 1 - _MIN_TABLE_SHARE
    return width if is_table else None
