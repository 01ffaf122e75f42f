"""Where sound and spelling differ: particles, long vowels, romaji."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from tts_assets.japanese.alignment import AlignableWord, align_words, to_key_kana
from tts_assets.japanese.analysis import (
    DEVOICED,
    INFLECTED,
    PARTICLES,
    expand_small_kana,
    node_to_kana,
    nodes_to_kana,
    nodes_to_text,
)
from tts_assets.japanese.kana import (
    PARTICLE_SOUNDS,
    is_long_on_reading,
    kana_to_hiragana,
    parse_kana,
    pronunciation_key,
)
from tts_assets.japanese.text_rules import compile_lazy, parse_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tts_assets.japanese.analysis import Node, Nodes

#: How particles and 言う sound, and how they are spelled.
_SOUND_AND_LETTER = frozenset({("ワ", "ハ"), ("エ", "ヘ"), ("ユ", "イ")})

#: Parts of speech of words that contain the particle は: それでは, こんにちは, または.
_GROWN_TOGETHER = frozenset({"接続詞", "感動詞", "副詞", "助詞", "助動詞", "連体詞"})
_TOPICS = frozenset({"名詞", "副詞"})

_SHORTEST = (
    2  #: a noun in kana of fewer morae with は or へ is probably a different noun: いは, さは
)

#: Continuations of words that begin with は: 手はなす, 手はからい, 毛はえ, 気はやる.
_WORD_WITH_HA = compile_lazy(
    "え|い[らりるれろっ]|か[らりるれろっ]|が[さしすせれ]|き|く|ぐ|げ|こ[ばびぶべん]|さ[まみむめん]|し[らりるれっ]|じ[めま]|ず"
    "|た[かきくけら]|だ(?:$|か|ざ)|な[さしすせそたちつてっれ]|ね|ば|め[たてら]|や[いくさしすせらりるれろっ]|ら[いうわっ]|れ"
)

_APART = "なれ"  #: behind a longer noun, only as the whole end: 現実はなれ, 親はなれ

#: Grammar patterns that begin with は or へ, or with て and は; the groups are the particles.
_PATTERN = compile_lazy(
    "(?P<topic>は)(?:もちろん|勿論|もとより|固より|元より|ともかく|兎も角|さておき|おろか|愚か|疎か"
    "|いけ(?:ない|ませ|なか)|(?:いう|言う|云う)まで|(?:する|しない)$|、(?!ひ))"
    "|て(?P<negated>は)(?:$|、|いけ|なら|だめ|ダメ|駄目|いられ|おられ|いら|おら|かなわ|どう|いかが)"
    "|(?P<to>へ)(?:(?P<as_topic>は)|[のもと])$"
    "|の(?P<nominal>は)(?:$|、)"
)
_BEGINNINGS = frozenset("はてへの")


def may_sound_so(sound: str, letters: str) -> bool:
    """Whether a pronunciation key equals that of a spelling, except for は, へ and 言う."""
    return len(sound) == len(letters) and all(
        pair in _SOUND_AND_LETTER or pair[0] == pair[1] for pair in zip(sound, letters, strict=True)
    )


def is_spelled_differently(node: Node) -> bool:
    """Whether a word sounds unlike its kana: は, へ, それでは, そういう."""
    sound, letters = pronunciation_key(node_to_kana(node)), pronunciation_key(node["read"])
    return sound != letters and may_sound_so(sound, letters)


def list_sounds(node: Node) -> tuple[str, ...]:
    """List the ways to write a word of running text in kana: as it sounds, or as it is spelled."""
    if is_spelled_differently(node):
        return (node_to_kana(node), node["read"])
    return (node_to_kana(node),)


def spell_word_reading(nodes: Sequence[Node]) -> str:
    """Spell the dictionary's pronunciation of a word in katakana.

    A true particle is spelled with its letter: は in それでは. A kana that the dictionary mistakes for
    a particle is spelled as it sounds, so that はで, read ワデ, does not pass for ハデ. は and へ in
    hiragana are particles

    - within a conjunction, an interjection, an adverb and the like (こんにちは, あるいは), but not
      as their first kana;
    - behind another particle or auxiliary (には, ではない);
    - behind a noun or adverb of two morae or more, at the end or before as many (にほんへ,
      なるべくは, それはそうと);
    - behind a kanji of one mora, at the end or before other kanji, a verb or an adjective (目は口),
      unless は begins a word itself (手はなす);
    - in grammar patterns (はもちろん, てはいけない, への).

    Everywhere else they are letters: a word does not begin with a particle (はは, へや, はなび), and
    other words hold none (しはい).
    """
    return "".join(
        node["read"]
        if is_spelled_differently(node) and _is_true_particle(nodes, place)
        else node_to_kana(node)
        for place, node in enumerate(nodes)
    )


def begins_with_particle(nodes: Sequence[Node]) -> bool:
    """Whether an analysis takes the first word for a particle or an auxiliary."""
    return bool(nodes) and nodes[0]["pos"] in PARTICLES


def find_own_reading(text: str) -> str | None:
    """Return the reading of a text in kana; None for other texts."""
    kana = parse_kana(text)
    return expand_small_kana(apply_particle_sounds(text, kana)) if kana else None


def apply_particle_sounds(text: str, reading: str) -> str:
    """Write ワ and エ in a katakana reading for the particles of a grammar pattern.

    ハオロカ of はおろか is ワオロカ.
    """
    for place in _find_pattern_particles(text):
        sound = PARTICLE_SOUNDS.get(kana_to_hiragana(reading[place : place + 1]))
        if sound is not None:
            reading = f"{reading[:place]}{sound}{reading[place + 1 :]}"
    return reading


def _find_pattern_particles(text: str) -> list[int]:
    """Find the particles は and へ of a grammar pattern at the beginning of a text."""
    if text[:1] not in _BEGINNINGS:
        return []
    found = _PATTERN.match(text)
    if found is None:
        return []
    return [found.start(name) for name, own in found.groupdict().items() if own]


def _is_true_particle(nodes: Sequence[Node], place: int) -> bool:
    node = nodes[place]
    spelling = node["string"]
    if "いう" in spelling or "言" in spelling:
        return True
    if "は" not in spelling and "へ" not in spelling:
        return False
    if len(spelling) > 1:
        return node["pos"] in _GROWN_TOGETHER and spelling[0] not in "はへ"
    if node["pos"] != "助詞":
        return False
    text = nodes_to_text(nodes)
    at = sum(len(node["string"]) for node in nodes[:place])
    if at in _find_pattern_particles(text):
        return True
    return place > 0 and _may_be_particle(nodes[place - 1], _take_clause(nodes[place + 1 :]))


def _take_clause(nodes: Sequence[Node]) -> Sequence[Node]:
    """The words before the first mark."""
    marks = (place for place, node in enumerate(nodes) if not node_to_kana(node))
    return nodes[: next(marks, len(nodes))]


def _may_be_particle(before: Node, behind: Sequence[Node]) -> bool:
    """Whether は or へ can be a particle behind a word and before others."""
    if before["pos"] in PARTICLES:
        return True
    if before["pos"] not in _TOPICS:
        return False
    long = sum(node["mora_size"] for node in behind) >= _SHORTEST
    spelled = nodes_to_text(behind)
    if before["mora_size"] >= _SHORTEST:
        return not behind or (long and spelled != _APART)
    if parse_kana(before["string"]) or _WORD_WITH_HA.match(spelled):
        return False
    kanji = not parse_kana(spelled)
    return not behind or kanji or (long and behind[0]["pos"] in INFLECTED)


# Long vowels of nouns that the dictionary spells as two vowels, like most nouns in hiragana.
_HIRAGANA = compile_lazy(r"[ぁ-ゖー]+")
_NOUNS = frozenset({"名詞", "接頭詞"})

#: オウ, ウウ and エイ, which are long in Japanese words; in loanwords, in katakana, エイ is not.
_SPELLED_OUT = compile_lazy(
    "(?<=[オコソトノホモヨロヲゴゾドボポョウクスツヌフムユルグズブプュ])ウ|(?<=[エケセテネヘメレゲゼデベペ])イ"
)

#: Of the dictionary's 1,594 nouns in hiragana that are spelled out those whose parts meet there, as
#: its entries in kanji with the same reading show: 湖 is ミズ and ウミ.
_PARTED = frozenset(
    """
    あおうま あおうめ あかえい あかねいろ あかめいも あくうん あげいた あめのうお あられいか いえいえ いけいけ
    いわれいんねん うけいれ うずうず うるうる うるめいわし うれい うろうろ おもうつぼ かまどうま からすうり かれいろ
    くものうえ けいと こうさぎ こうま こがねいろ ことうた さざれいし されこうべ しろうお しろうさぎ しろうほ しろうま
    しろうり すていし すみれいろ するめいか そめいよしの たていた たねいも ためいき ちゃくうた つくねいも つつうらうら
    ていけ ていっぱい ていれ てのうち でいり とびえい とびのうお ともうら どろうお なげいれ にのうで ねいき ねいも ねいろ
    のうさぎ のべいた はくう はくうん はつうま ひとうち べいごま べーごま ほていあおい まがれい まくうち まくのうち
    まけいぬ まめいた まるうち みずうみ みのうえ もうお もとうた ものうらやみ やけいし やすうけあい やすうり やぶうぐいす
    やまとうた よめいり わたつうみ
    """.split()  # noqa: SIM905 - words are read more easily without quotes
)

#: Words with kanji whose entries are spelled out though no parts meet there: チョクツウ.
_LONG = frozenset(
    """
    あっ倒 あっ勝 えい航 きれい事 けい動脈 けい線 ぜい肉 めい想 めい福 めん棒 一行 丈夫 上品 不承
    主命 伶人 作法 佞弁 信号機 傾城 入内 入道 内方 勤労感謝の日 包丁 化粧 半生 双紙 司令塔 同士
    器用 国勢調査 圧痛 堰堤 境内 多辺形 多重 夜盗 大ぜい 大将 夫子 失名 奉公 娑羅双樹 宇宙船 家老
    封筒 小ぎれい 小憩 尾てい骨 山高帽子 巧者 巨峰 市井 布袋腹 布袋葵 平文 平行四辺形 庖丁
    建ぺい率 征討 愛想 憧憬 拍子 招へい 掣肘 推量 救急車 明々白々 杏仁 格子 油井 法師 洋妾 混声
    混迷 清々 漏えい 濃餅 灯篭 灯籠 狂牛病 獅子唐 瓢箪 画定 疱瘡 疾病 百姓 直通 相撲 睥睨 砂糖
    研究者 秋分の日 竹篦 竹篦返し 算用 美容師 聖人 背格好 膏薬 苦労 草子 草紙 蒸籠 蘇芳 蜻蛉 行李
    表紙 西洋梨 覚せい剤 觝触 謦咳 豆腐 遊里 遮へい 醤油 鉄砲 銀行員 鑿井 開帳 隠ぺい 雁来紅 韜晦
    飛行船 高峰 高麗芝 鶏頭
    """.split()  # noqa: SIM905 - as above
)


def lengthen_vowels(nodes: Nodes) -> Nodes:
    """Write the long vowels of nouns with ー: ボウシ is ボーシ.

    The dictionary spells out nouns in hiragana and some with kanji, and the library those kanji
    that it reads by their context (対等). Other words are in the dictionary as they sound: 思う,
    うろうろ, そういう and 湖 keep their ウ.
    """
    if not any(map(_may_be_long, nodes)):
        return nodes
    lengthened = [_lengthen_word(node) for node in nodes]
    for before, node in itertools.pairwise(lengthened):
        # The dictionary splits ほんとう into ほんと and an interjection.
        if node["string"] == "う" and node["pos"] == "感動詞":
            node["pron"] = _SPELLED_OUT.sub("ー", before["pron"][-1:] + node["pron"])[-1]
    return lengthened


def _may_be_long(node: Node) -> bool:
    """Quickly check whether a word may have a long vowel; this runs for every word."""
    word = node["string"]
    return "ぁ" <= word[:1] <= "ゖ" or len(word) == 1 or word in _LONG


def _lengthen_word(node: Node) -> Node:
    word = node["string"]
    if word in _LONG or (len(word) == 1 and _is_on_reading(node)):
        return {**node, "pron": _SPELLED_OUT.sub("ー", node["pron"])}
    if node["pos"] != "名詞" or node["pos_group1"] == "固有名詞" or word in _PARTED:
        return node
    if _HIRAGANA.fullmatch(word) is None:
        return node
    return {**node, "pron": _SPELLED_OUT.sub("ー", node["pron"])}


def _is_on_reading(node: Node) -> bool:
    """Whether a kanji has a long on reading, and is not a verb: トウ of 等, ショウ of 小."""
    return node["pos"] in _NOUNS and is_long_on_reading(node["pron"].replace(DEVOICED, ""))


# Lines in Latin letters lose long vowels, ティ and ンヤ: restore them from the dictionary.
_VOWELS = frozenset("アイウエオ")
_AFTER_N = parse_pairs("ア:ナ イ:ニ ウ:ヌ エ:ネ オ:ノ ヤ:ニャ ユ:ニュ ヨ:ニョ")

#: Sounds of loanwords that are typed as the Japanese syllables next to them: paatii, sofutouea.
_TYPED_AS = parse_pairs(
    "ティ:チ ディ:ジ トゥ:ツ ドゥ:ズ テュ:チュ デュ:ジュ ウィ:ウイ ウェ:ウエ ウォ:ウオ"
)
_LARGE = dict(zip("ァィゥェォ", "アイウエオ", strict=True))

_MOST_SPELLINGS = 64  #: a word with more spellings than this is long: it loses all or nothing


def list_romanized_keys(key: str) -> tuple[str, ...]:
    """List the keys that a line in Latin letters may have for a sound; the first is the sound's own.

    キンヨウビ may be kinyoubi, kin'yobi and kinyobi, パーティー paatii and pati.
    """
    options = [list(dict.fromkeys(each)) for each in _list_options(key)]
    if math.prod(map(len, options)) > _MOST_SPELLINGS:
        options = [[each[0], each[-1]] for each in options]
        return ("".join(each[0] for each in options), "".join(each[-1] for each in options))
    return tuple(dict.fromkeys("".join(each) for each in itertools.product(*options)))


def restore_line(nodes: Nodes, line: str) -> str:
    """Restore what Latin letters lose: use the dictionary's sounds for words that differ only in that.

    All other differences stay, so that obaasan is not おばさん.
    """
    pieces, parts = line.split("、"), _split_at_pauses(nodes)
    if len(pieces) == 1:
        return _restore_part(nodes, line)
    if len(pieces) != len(parts):
        return line
    return "、".join(map(_restore_part, parts, pieces))


def is_whole_number(nodes: Nodes, reading: str) -> bool:
    """Whether a line has the basic form of a number that its counter changes: juu for ジュッ."""
    ours = nodes_to_kana(nodes)
    is_number = len(nodes) == 1 and nodes[0]["pos_group1"] == "数"
    return is_number and ours.endswith("ッ") and reading[:-1] == ours[:-1]


def _list_options(key: str) -> Iterator[tuple[str, ...]]:
    """Yield the possible spellings of each kana of a key, or of two together."""
    at = 0
    while at < len(key):
        kana, pair = key[at], key[at : at + 2]
        is_long = kana in _VOWELS and pronunciation_key(key[at - 1 : at] + "ー")[1:] == kana
        if kana in _LARGE:
            yield kana, _LARGE[kana]
            at -= 1
        elif pair in _TYPED_AS:
            yield pair, _TYPED_AS[pair]
        elif kana == "ン" and pair[1:] in _AFTER_N:
            yield pair, _AFTER_N[pair[1]]
        else:
            yield (kana, "") if is_long else (kana,)
            at -= 1
        at += 2


def _split_at_pauses(nodes: Nodes) -> list[Nodes]:
    parts: list[Nodes] = [[]]
    for node in nodes:
        if node["string"] == "、":
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def _restore_part(nodes: Nodes, line: str) -> str:
    """The same between two pauses."""
    groups = _group_words(nodes)
    parts = align_words(list(map(_to_typed_word, groups)), pronunciation_key(line))
    if parts is None:
        return line
    kana = to_key_kana(line)
    return "".join(
        nodes_to_kana(group) if part.fits else kana[part.start : part.end]
        for group, part in zip(groups, parts, strict=True)
    )


def _group_words(nodes: Iterable[Node]) -> list[Nodes]:
    """Group words that Latin letters may run together: 本 and 屋 in honya."""
    groups: list[Nodes] = []
    for node in nodes:
        after_n = groups and nodes_to_kana(groups[-1]).endswith("ン")
        if after_n and node_to_kana(node)[:1] in _AFTER_N:
            groups[-1].append(node)
        else:
            groups.append([node])
    return groups


def _to_typed_word(group: Nodes) -> AlignableWord:
    """Convert words to one alignable word with all their spellings in Latin letters."""
    whole = list_sounds(group[0]) if len(group) == 1 else (nodes_to_kana(group),)
    typed = (each for sound in whole for each in list_romanized_keys(pronunciation_key(sound))[1:])
    return AlignableWord(nodes_to_text(group), whole, shortened=tuple(dict.fromkeys(typed)))
