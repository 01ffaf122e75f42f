"""Derives the role and the topics of a field from its name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from tts_assets.config.source_paths import KEY_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.config.source_paths import PathSteps


class Role(Enum):
    """The role of a field, the most specific first."""

    AUDIO = "audio"
    ACCENT = "accent"
    ROMAJI = "romaji"
    ON = "on'yomi"
    KUN = "kun'yomi"
    READING = "reading"
    WORD = "word"
    SENTENCE = "sentence"
    TITLE = "title"
    ID = "id"
    SPEAKER = "speaker"
    LANGUAGE = "language"
    #: It describes the entry and is not spoken.
    ABOUT = "about"
    #: It is in another language.
    FOREIGN = "foreign"
    #: It is in Japanese.
    JAPANESE = "japanese"
    #: It adds nothing to the tokens before it.
    FORM = "form"


# In the singular, in lower case, without accents on Latin letters.
_WORDS = {
    Role.AUDIO: "audio sound mp3 wav ogg m4a voice speech recording tts ton klang aussprache son sonido 音声 音声ファイル オーディオ",
    Role.ACCENT: "accent pitch intonation アクセント 高低",
    Role.ROMAJI: "romaji roomaji romanji romanization romanisation romanized romanised "
    "transliteration latin ローマ字",
    Role.ON: "on 音 音読み 音読 おん おんよみ",
    Role.KUN: "kun 訓 訓読み 訓読 くん くんよみ",
    Role.READING: "reading kana furigana furi hiragana hira katakana yomi yomikata yomigana pronunciation pron "
    "phonetic ruby lesung lectura lecture よみ 読み 読み方 よみかた 読みかた ふりがな フリガナ 振り仮名 振仮名 かな カナ "
    "仮名 ひらがな カタカナ 平仮名 片仮名 読み仮名 よみがな 発音",
    Role.WORD: "word surface expression vocab vocabulary term lemma headword entry kotoba tango goi "
    "spelling writing literal kanji character char letter phrase item front question q wort vokabel mot palabra 表面 単語 語彙 語 言葉 "
    "ことば 表記 見出し 見出し語 漢字 文字 表現",
    Role.SENTENCE: "sentence text line utterance passage paragraph content body dialogue dialog "
    "conversation script transcript example story prompt satz beispielsatz beispiel oracion 例 例文 文 文章 本文 会話 対話 用例",
    Role.TITLE: "title pattern grammar point heading 文型 文法 題 題名 タイトル",
    Role.ID: "id guid uuid key slug uid identifier nr nummer 番号",
    Role.SPEAKER: "speaker who actor person name role character 話者 話し手 名前",
    Role.LANGUAGE: "lang language locale 言語",
    Role.ABOUT: "meaning gloss definition translation translated explanation explain description desc note "
    "comment rationale hint mnemonic usage tag type level category pos source image img picture radical "
    "stroke component synonym antonym related formation structure summary label group topic theme "
    "jlpt part class credit license licence author duration length second size has count available "
    "status format speed back answer choice option bedeutung ubersetzung bemerkung lektion signification traduction significado traduccion 裏面 意味 説明 訳 和訳 品詞 レベル 備考 出典 分類 "
    "部首 解説 タグ 級 答え",
    Role.FOREIGN: "en eng english fr fra french de deu german es spa spanish zh cn chinese ko kr "
    "korean vi vietnamese pt por portuguese ru russian it italian th thai indonesian burmese "
    "nepali mongolian 英語 英訳 英文 中国語 韓国語 ベトナム語",
    Role.JAPANESE: "ja jp jpn japanese nihongo 日本語 にほんご 和文",
    Role.FORM: "url uri path file filename src link href address value raw plain native main "
    "primary full list data の を",
}
_ROLES: dict[str, list[Role]] = {}


for _role, _row in _WORDS.items():
    for _word in _row.split():
        _ROLES.setdefault(_word, []).append(_role)


#: The names of example texts.
EXAMPLES = {"example", "sentence", "例", "例文", "用例"}
_METADATA = {"meta", "metadata"}

BACKS = {"front": "back", "question": "answer", "表面": "裏面"}  #: the two sides of a card

#: Names of texts that ask about another text.
QUESTIONS = {"question", "q", "prompt"}

#: Names of texts of more than one sentence.
PASSAGES = {"passage", "paragraph", "story", "article", "body", "本文", "文章"}

#: Words that only grammar points have in the names of their fields.
OF_GRAMMAR = {"grammar", "pattern", "point", "formation", "structure", "文型", "文法"}

#: The roles of a key that are overruled by the name of its object.
_SAYS_NOTHING = {Role.FORM, Role.JAPANESE, Role.SENTENCE}
_HAS_SOUNDS = {Role.ON, Role.KUN, Role.READING, Role.WORD, Role.SENTENCE}
_IN_READINGS = {*_SAYS_NOTHING, Role.READING, Role.ROMAJI}
_LONGEST = max(map(len, _ROLES))
_LATIN_MARK = re.compile("[\u0300-\u036f]")
_TOKEN = re.compile(r"[Mm][Pp]3|[Mm]4[Aa]|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\dA-Za-z_]+")
_ORDER = {role: number for number, role in enumerate(Role)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldName:
    """A parsed field name."""

    tokens: tuple[str, ...]  #: its words, in the singular and in lower case
    roles: tuple[Role, ...]  #: its possible roles, the likeliest first
    foreign: bool  #: the field is in another language than Japanese

    def has_role(self, role: Role) -> bool:
        """Whether this is one of its roles."""
        return role in self.roles

    def find_topics(self, *roles: Role) -> frozenset[str]:
        """The tokens besides those of these roles: the ``example`` of exampleReading."""
        idle = {*roles, Role.FORM, Role.JAPANESE}
        return frozenset(token for token in self.tokens if not idle.intersection(find_roles(token)))


def is_metadata_key(step: object) -> bool:
    """Whether a key contains metadata of the file, not content."""
    return isinstance(step, str) and (step.startswith("_") or step.lower() in _METADATA)


def find_roles(token: str) -> list[Role]:
    """The roles of one token of a name."""
    return _ROLES.get(token, [])


def find_abbreviated_roles(token: str) -> set[Role]:
    """The roles of the words that an abbreviation may stand for: ``sent`` of sentence."""
    words = [word for word in _ROLES if len(token) > 1 and word.startswith(token)]
    return {role for word in words for role in _ROLES[word]}


def parse_field_name(steps: PathSteps) -> FieldName:
    """Parse the name of a field: its own key, then the keys of its path."""
    if steps == (KEY_PATH.text,):
        return FieldName(tokens=("word",), roles=(Role.WORD, Role.READING), foreign=False)
    keys = [split_tokens(step) for step in steps if isinstance(step, str)]
    roles = list(_find_key_roles(keys[-1])) if keys else []
    # The `url` of audio.url, and the `text` of kanji[*].text, take the role of their parents.
    inner = keys[-1] if keys else ()
    if len(keys) > 1:
        outer = _find_key_roles(keys[-2])
        of_kanji = bool({Role.ON, Role.KUN} & {*outer}) and {*roles} <= _IN_READINGS
        # So is the `on` of audio.on.
        of_sounds = Role.AUDIO in outer and bool(roles) and {*roles} <= _HAS_SOUNDS
        if of_kanji or of_sounds or not {*roles} - _SAYS_NOTHING:
            roles = [*outer, *roles]
            inner = (*keys[-2], *keys[-1])
    languages = [role for token in inner for role in find_roles(token)]
    tokens = tuple(token for key in keys for token in key)
    return FieldName(
        tokens=tokens,
        roles=tuple(dict.fromkeys(roles)),
        foreign=Role.FOREIGN in languages and Role.JAPANESE not in languages,
    )


def _find_key_roles(tokens: tuple[str, ...]) -> list[Role]:
    roles = {role for token in tokens for role in find_roles(token)}
    for reading in (Role.ON, Role.KUN):
        # The `on` of updated_on is no on'yomi.
        mates = {reading, Role.READING, Role.AUDIO, Role.ROMAJI, Role.FORM, Role.WORD}
        if not all(mates.intersection(find_roles(token)) for token in tokens):
            roles.discard(reading)
    if Role.ABOUT in roles and roles & {Role.AUDIO, Role.READING, Role.ACCENT}:
        # A duration of audio, a type of reading.
        roles -= {Role.AUDIO, Role.READING, Role.ACCENT}
    return sorted(roles, key=_ORDER.__getitem__)


@lru_cache(maxsize=4096)
def split_tokens(key: str) -> tuple[str, ...]:
    """Split a key into words; ``exampleWord``, ``example_word`` and ``exampleword`` are equal."""
    folded = unicodedata.normalize("NFKD", key)
    plain = unicodedata.normalize("NFC", _LATIN_MARK.sub("", folded))
    found = (token.lower() for token in _TOKEN.findall(plain))
    return tuple(part for token in found for part in _split_words(token))


def _split_words(token: str) -> Iterator[str]:
    """Split a token into known words; keep it whole if it contains others."""
    if (word := _singularize(token)) in _ROLES:
        yield word
        return
    # One split up to each position, with the longest words.
    reached: dict[int, tuple[str, ...]] = {0: ()}
    for start in range(len(token)):
        if start not in reached:
            continue
        for end in range(min(len(token), start + _LONGEST + 1), start, -1):
            word = _singularize(token[start:end])
            if word in _ROLES and end not in reached:
                reached[end] = (*reached[start], word)
    yield from reached.get(len(token), (token,))


def _singularize(token: str) -> str:
    if token in _ROLES:
        return token
    for ending, instead in (("ies", "y"), ("s", "")):
        if token.endswith(ending) and (word := token.removesuffix(ending) + instead) in _ROLES:
            return word
    return token
