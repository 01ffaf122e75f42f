"""Kana that sound other than they are spelled: は as ワ, へ as エ, いう as ユー; and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.japanese.kana import is_katakana, kana_to_katakana, pronunciation_key
from tts_assets.japanese.nodes import expand_small_kana, node_to_kana, nodes_to_text
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.japanese.nodes import Node

#: How it sounds, and how it is spelled.
SOUND_AND_LETTER = frozenset({("ワ", "ハ"), ("エ", "ヘ"), ("ユ", "イ")})
#: Words whose は is the particle that they have grown together with: それでは, こんにちは, または.
_GROWN_TOGETHER = frozenset({"接続詞", "感動詞", "副詞", "助詞", "助動詞", "連体詞"})
_BEFORE_PARTICLES = frozenset({"助詞", "助動詞"})
_TOPICS = frozenset({"名詞", "副詞"})
#: A noun in kana of fewer morae with は or へ behind it is rather another noun: いは, さは.
_SHORTEST = 2
#: Behind a kanji of one mora and は: 目はいい, but 荷はこび is one word.
_PREDICATES = frozenset({"動詞", "形容詞"})
#: How words go on that begin with は, behind it: 手はなす, 手はからい, 毛はえ, 気はやる.
_WORD_WITH_HA = compile_lazy(
    "え|い[らりるれろっ]|か[らりるれろっ]|が[さしすせれ]|き|く|ぐ|げ|こ[ばびぶべん]|さ[まみむめん]|し[らりるれっ]|じ[めま]|ず"
    "|た[かきくけら]|だ(?:$|か|ざ)|な[さしすせそたちつてっれ]|ね|ば|め[たてら]|や[いくさしすせらりるれろっ]|ら[いうわっ]|れ"
)
#: Behind a longer noun, only as the whole end: 現実はなれ, 親はなれ.
_APART = "なれ"
#: Grammar patterns that begin with は or へ, or with て and は: where the particles are in them.
_PATTERN = compile_lazy(
    "(?P<topic>は)(?:もちろん|勿論|もとより|固より|元より|ともかく|兎も角|さておき|おろか|愚か|疎か"
    "|いけ(?:ない|ませ|なか)|(?:いう|言う|云う)まで|(?:する|しない)$|、(?!ひ))"
    "|て(?P<negated>は)(?:$|、|いけ|なら|だめ|ダメ|駄目|いられ|おられ|いら|おら|かなわ|どう|いかが)"
    "|(?P<to>へ)(?:(?P<as_topic>は)|[のもと])$"
    "|の(?P<nominal>は)(?:$|、)"
)
_BEGINNINGS = frozenset("はてへの")
_SOUND_OF = {"ハ": "ワ", "ヘ": "エ"}


def is_spelled_differently(node: Node) -> bool:
    """Whether a word sounds other than its kana are spelled: は, へ, それでは, そういう."""
    sound, letters = pronunciation_key(node_to_kana(node)), pronunciation_key(node["read"])
    return (
        sound != letters
        and len(sound) == len(letters)
        and all(
            pair in SOUND_AND_LETTER or pair[0] == pair[1]
            for pair in zip(sound, letters, strict=True)
        )
    )


def list_sounds(node: Node) -> tuple[str, ...]:
    """How a kana line may write a word of running text: as it sounds, or as it is spelled."""
    if is_spelled_differently(node):
        return (node_to_kana(node), node["read"])
    return (node_to_kana(node),)


def spell_word_reading(nodes: Sequence[Node]) -> str:
    """How the dictionary spells what it says of a word, in katakana.

    A kana of it that is rightly said otherwise is spelled with its letter, は in それでは; one that
    the dictionary only takes for a particle is spelled as it sounds, so that はで, read ワデ, does
    not pass for ハデ. は and へ in hiragana are particles

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
    return bool(nodes) and nodes[0]["pos"] in _BEFORE_PARTICLES


def find_own_reading(text: str) -> str | None:
    """The reading that a text in kana is itself; None for other texts."""
    spelled = kana_to_katakana(text)
    return expand_small_kana(apply_particle_sounds(text, spelled)) if is_katakana(spelled) else None


def apply_particle_sounds(text: str, reading: str) -> str:
    """A reading in katakana with ワ and エ where a grammar pattern begins with a particle.

    ハオロカ of はおろか is ワオロカ.
    """
    for place in _find_pattern_particles(text):
        sound = _SOUND_OF.get(reading[place : place + 1])
        if sound is not None:
            reading = f"{reading[:place]}{sound}{reading[place + 1 :]}"
    return reading


def _find_pattern_particles(text: str) -> list[int]:
    """Where a grammar pattern has は and へ as particles, in a text that begins with it."""
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
    if before["pos"] in _BEFORE_PARTICLES:
        return True
    if before["pos"] not in _TOPICS:
        return False
    long = sum(node["mora_size"] for node in behind) >= _SHORTEST
    spelled = nodes_to_text(behind)
    if before["mora_size"] >= _SHORTEST:
        return not behind or (long and spelled != _APART)
    if is_katakana(kana_to_katakana(before["string"])) or _WORD_WITH_HA.match(spelled):
        return False
    kanji = not is_katakana(kana_to_katakana(spelled))
    return not behind or kanji or (long and behind[0]["pos"] in _PREDICATES)
