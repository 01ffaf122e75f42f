"""Segments of passages: where texts are cut, what each piece says, and the pauses between them."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.japanese.test_normalise_properties import TEXTS, forms, many
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.running_text import build_dialogue_forms, build_text_forms
from tts_assets.japanese.segmentation import (
    MAX_SEGMENT_CHARS,
    MIN_SEGMENT_CHARS,
    split_phrases,
    split_segments,
)
from tts_assets.model import DictionaryWord, Pauses, Segment, SpokenForm, Turn

DATA = Path(__file__).parents[2] / "data"
PAUSES = Pauses(sentence_ms=4, clause_ms=3, paragraph_ms=2, turn_ms=1)
#: 22 characters without any mark.
LONG = "私は毎朝六時半に起きて顔を洗って窓を開けます"


def line(text: str, readings: tuple[tuple[str, str], ...] = ()) -> SpokenForm:
    """A passage of one line."""
    return SpokenForm(text=text, sentence=True, readings=readings, turns=(Turn(len(text)),))


def passage(text: str, reading: str | None = None) -> SpokenForm:
    """A passage of any lines, with who says them."""
    said = build_dialogue_forms(text, reading, passage=True)
    assert isinstance(said, tuple), said
    return said[0]


def cut(form: SpokenForm, dictionary: Dictionary | None = None) -> list[Segment]:
    """The segments of a passage."""
    found = split_segments(form, PAUSES, dictionary)
    assert found is not None
    return list(found)


def texts(form: SpokenForm, dictionary: Dictionary | None = None) -> list[str]:
    """What the segments of a passage say."""
    return [segment.form.text for segment in cut(form, dictionary)]


A = "これは一つ目の長い文なのです。"
B = "そしてこれは二つ目の長い文です。"


def test_a_segment_is_a_sentence() -> None:
    assert texts(line(A + B)) == [A, B]


@pytest.mark.parametrize("end", ["。", "！", "？", "!", "?", "！？", "．", "。」", "……。", "」。"])
def test_all_marks_at_the_end_of_a_sentence_belong_to_it(end: str) -> None:
    first = "これは一つ目の長い文なのです" + end
    assert texts(line(first + "「" + B + "」")) == [first, "「" + B + "」"]


@pytest.mark.parametrize(
    "text",
    [
        "彼は「はい、そうです。それでいいです。」と大きな声で言った。",
        "彼は『どうしたのですか？大丈夫ですか？』と聞いてくれた。",
        "この値は3.14159265358979です、10.5ではありませんよ。",
        "検索ならYahoo!ニュースやYahoo!知恵袋を見るのがいいですよ。",
        "彼女はMr. Smith and Dr. Brownという人の秘書だそうです。",
        "それは……そうですね…そうかもしれないと思っていました。",
        "十二、三人から十四、五人ぐらいの人が来ると思いますよ。",
    ],
)
def test_what_is_no_end_of_a_sentence_parts_nothing(text: str) -> None:
    assert texts(line(text + B)) == [text, B]


def test_a_short_sentence_is_joined_with_the_next() -> None:
    assert texts(line("はい。そうです。" + A + B)) == ["はい。そうです。" + A, B]


def test_a_short_sentence_at_the_end_is_joined_with_the_one_before() -> None:
    assert texts(line(A + "はい。")) == [A + "はい。"]


def test_a_short_sentence_before_a_long_one_is_joined_with_the_one_before() -> None:
    long = "犬" * (MAX_SEGMENT_CHARS - 3) + "。"
    assert texts(line(A + "はい。" + long)) == [A + "はい。", long]


def test_a_sentence_that_nobody_can_say_is_joined_though_it_be_long() -> None:
    foreign = "안녕하세요저는학생입니다반갑습니다。"
    assert texts(line(A + foreign + B)) == [A, foreign + B]


def test_short_sentences_of_two_speakers_are_not_joined() -> None:
    assert texts(passage("男：はい。\n女：ええ。")) == ["はい。", "ええ。"]


def test_nothing_is_joined_to_more_than_the_most() -> None:
    long = "犬" * (MAX_SEGMENT_CHARS - 3) + "。"
    assert texts(line("はい。" + long)) == ["はい。", long]
    assert texts(line("は。" + long)) == ["は。" + long]


def test_a_long_sentence_is_cut_at_clauses_into_even_pieces() -> None:
    clause = "犬がいて、"
    found = texts(line(clause * 30 + "猫がいる。"))
    assert [len(text) for text in found] == [75, 80]
    assert all(text.endswith(("、", "。")) for text in found)


def test_a_long_sentence_is_cut_beside_a_quotation_and_not_inside() -> None:
    quoted = "「はい、そうです。そして、それでいいのです。」"
    before = "彼" * 59
    assert texts(line(f"{before}{quoted}と彼はその日に{'言' * 30}った。"))[0] == before


def test_a_quotation_is_torn_only_if_it_is_too_long_itself() -> None:
    assert texts(line(f"彼は「{A * 7}」と言った。")) == [f"彼は「{A}", *[A] * 5, f"{A}」と言った。"]


def test_pauses_follow_from_what_stands_at_the_cut(dictionary: Dictionary) -> None:
    form = passage(f"男：{A}{B}\n男：{'犬がいて、' * 25}\n女：{LONG * 5}\n女：はい。")
    assert [(each.speaker, each.pause_ms) for each in cut(form, dictionary)] == [
        ("男", 4), ("男", 2), ("男", 3), ("男", 1), ("女", 0), ("女", 2), ("女", 0),
    ]  # fmt: skip


def test_a_segment_has_the_speaker_and_the_voice_of_its_turn() -> None:
    form = line(A + B)._replace(turns=(Turn(len(A), "男", "Mei"), Turn(len(B), "女")))
    assert [(each.speaker, each.voice) for each in cut(form)] == [("男", "Mei"), ("女", None)]


def test_text_without_marks_needs_a_dictionary(dictionary: Dictionary) -> None:
    form = line(LONG * 5)
    assert split_segments(form, PAUSES) is None
    assert texts(form, dictionary) == [LONG * 2 + LONG[:11], LONG[11:] + LONG * 2]


def test_no_word_is_torn_where_there_are_words(dictionary: Dictionary) -> None:
    words = "東京都特許許可局長"
    for text in texts(line(words * 40), dictionary):
        assert any(words[at:].startswith(text[:2]) for at in (0, 3, 5, 7)), text


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        # Phrases: between a particle or an ending and what follows.
        ("特別急行列車運転計画会議室長が見た", "特見"),
        ("日本語で話している", "日話"),
        # Words: neither a number nor a word with its ending is torn.
        ("東京一二三四五六七", "東一"),
        ("学生達犬", "学犬"),
        ("お茶", "お"),
        ("勉強する", "勉"),
    ],
)
def test_cuts_without_marks_leave_words_that_stand_for_themselves(
    text: str, starts: str, dictionary: Dictionary
) -> None:
    found = texts(line(text * (1_000 // len(text))), dictionary)
    assert {each[0] for each in found} <= set(starts)


def test_no_stretch_with_a_reading_is_torn_at_a_mark() -> None:
    text = f"{A[:-1]}とモーニング娘。達が{B}"
    assert texts(line(text, (("モーニング娘。達", "モーニングムスメタチ"),))) == [text]


@pytest.mark.parametrize("word", ["モーニング娘。", "Hey! Say! JUMP"])
def test_no_word_of_the_user_is_torn_at_a_mark(word: str) -> None:
    learned = Dictionary()
    learned.learn([DictionaryWord(surface=word, reading="ナマエ")])
    text = f"{A[:-1]}と{word}という名前が{B}"
    assert texts(line(text), learned) == [text]
    assert texts(line(text), Dictionary()) != [text]
    given = ((f"と{word}", "トナマエ"),)
    assert texts(line(text + text, given), learned) == [text, text]


def test_no_stretch_with_a_reading_is_torn(dictionary: Dictionary) -> None:
    text = "犬" * 40 + "猫" * 30 + "犬" * 40
    found = cut(line(text, (("猫" * 30, "ネコ"),)), dictionary)
    assert [each.form.readings for each in found if each.form.readings] == [(("猫" * 30, "ネコ"),)]


def test_a_stretch_that_is_too_long_itself_is_torn(dictionary: Dictionary) -> None:
    found = cut(line("猫" * 250, (("猫" * 250, "ネコ"),)), dictionary)
    assert all(
        len(each.form.text) <= MAX_SEGMENT_CHARS and not each.form.readings for each in found
    )


def test_each_segment_has_the_stretches_of_its_own_text() -> None:
    text = f"市場に行く。{A}市場と市場の角だ。{B}"
    form = line(text, (("市場", "イチバ"), ("市場", ""), ("市場", "シジョウ"), ("角", "かど")))
    assert [(each.form.text, each.form.readings) for each in cut(form)] == [
        (f"市場に行く。{A}", (("市場", "イチバ"),)),
        (f"市場と市場の角だ。{B}", (("市場", ""), ("市場", "シジョウ"), ("角", "かど"))),
    ]


def test_a_kana_line_is_cut_at_the_marks_that_it_has_of_the_text() -> None:
    form = passage(
        "田中：市場へ、行きます。\n山田：そうですか…\n田中：ええ、そうなんです…。",
        "たなか：いちばへ、いきます。\nやまだ：そうですか\nたなか：ええ、そうなんです…。",
    )
    assert [each.form.reading for each in cut(form)] == [
        "イチバヘ、イキマス",
        "ソウデスカ",
        "エエ、ソウナンデス",
    ]


def test_a_kana_line_with_other_commas_is_cut_at_the_ends_of_sentences() -> None:
    form = passage(
        A + "でも、" + B,
        "これはひとつめのながいぶんなのです。でもそしてこれはふたつめのながいぶんです。",
    )
    assert [each.form.reading for each in cut(form)] == [
        "コレハヒトツメノナガイブンナノデス",
        "デモソシテコレハフタツメノナガイブンデス",
    ]


def test_a_kana_line_with_other_marks_is_cut_by_the_words_of_the_text(
    dictionary: Dictionary,
) -> None:
    form = passage(
        f"今日は市場へ行ってみたいんです。{B}",
        "きょうはいちばへいってみたいんですそしてこれはふたつめのながいぶんです",
    )
    assert split_segments(form, PAUSES) is None
    assert [each.form.reading for each in cut(form, dictionary)] == [
        "キョウハイチバヘイッテミタインデス",
        "ソシテコレハフタツメノナガイブンデス",
    ]


def test_a_kana_line_that_contradicts_the_text_is_the_reading_of_no_segment(
    dictionary: Dictionary,
) -> None:
    form = passage(A + B, "わたしはがくせいです")
    assert [each.form.reading for each in cut(form, dictionary)] == [None, None]


def test_no_segment_has_nothing_to_say(dictionary: Dictionary) -> None:
    for text in (
        f"{A}{'…' * 95}。「{'…' * 40}」{B}",
        f"{A}{'…' * 400}{B}",
        f"{A}{'한국어' * 90}。{B}",
    ):
        assert split_segments(line(text), PAUSES) in (None, tuple(cut(line(text), dictionary)))
        assert all(set(each) & set(A + B) for each in texts(line(text), dictionary))


@pytest.mark.parametrize(
    "text",
    [
        "犬、" * 25_000,
        "「はい」" * 12_500,
        "hello world " * 4_166,
        "彼は「" * 16_666,
        "「は」）』" * 10_000,
        "はい。" * 16_666,
        "「はい。" * 12_500,
    ],
)
def test_50_000_characters_with_marks_are_cut_at_once(text: str) -> None:
    begun = time.perf_counter()
    found = texts(line(text))
    assert time.perf_counter() - begun < 3
    assert all(len(each) <= MAX_SEGMENT_CHARS for each in found)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        LONG * 2_000,
        "東京都特許許可局長" * 4_000,
        "龘" * 5_000,
        "ア" * 5_000,
        "1234567890" * 500,
        "一億二千三百四十五万" * 500,
        "W" * 5_000,
        "「" * 25 + "は" * 500 + "」" * 25,
        "日本語とEnglishとрусскийとελληνικάとحرفと한국어と" * 100,
    ],
)
def test_no_text_without_marks_is_too_long(text: str, dictionary: Dictionary) -> None:
    form = line(text)
    assert split_segments(form, PAUSES) is None
    found = texts(form, dictionary)
    assert all(MIN_SEGMENT_CHARS <= len(each) <= MAX_SEGMENT_CHARS for each in found)
    assert "".join(found) == text


def passages() -> list[SpokenForm]:
    """Every passage of the data."""
    found: list[SpokenForm] = []
    for name, say in (("reading", build_text_forms), ("listening", build_dialogue_forms)):
        for record in json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")):
            said = say(record["text"], passage=True)
            assert isinstance(said, tuple)
            found += said
    return found


def test_all_passages_of_the_data_are_cut_the_same_with_and_without_a_dictionary(
    dictionary: Dictionary,
) -> None:
    for form in passages():
        found = cut(form)
        assert found == cut(form, dictionary)
        assert "".join(each.form.text for each in found) == form.text
        assert found[-1].pause_ms == 0 < min(each.pause_ms for each in found[:-1])
        assert all(each.form.sentence and not each.form.turns for each in found)


def test_a_reading_text_of_the_data() -> None:
    assert [(each.form.text, each.pause_ms) for each in cut(passages()[0])] == [
        ("わたしは毎朝、六時半に起きます。", 4),
        ("顔を洗って、窓を開けます。朝ごはんは、パンと卵とコーヒーです。", 4),
        ("七時四十五分に家を出て、駅まで歩きます。", 4),
        ("駅まで十五分ぐらいかかります。", 2),
        ("電車の中では、たいてい音楽を聞きます。", 4),
        ("会社は九時からです。昼休みは十二時から一時までで、友だちと近くの食堂へ行きます。仕事は五時半に終わります。", 2),
        ("夜は家で晩ごはんを作ります。それから、テレビを見たり、日本語を勉強したりします。そして、十一時ごろ寝ます。", 0),
    ]  # fmt: skip


def test_a_dialogue_of_the_data() -> None:
    assert [(each.speaker, each.form.text, each.pause_ms) for each in cut(passages()[6])] == [
        ("男", "すみません、ちょっとお聞きしたいんですが。", 1),
        ("女", "はい、どうぞ。", 1),
        ("男", "図書館へ行きたいんですが、この道で合っていますか。", 1),
        ("女", "いいえ、反対ですよ。あそこに信号が見えますね。", 1),
        ("男", "はい、見えます。", 1),
        ("女", "あの信号を左に曲がって、まっすぐ歩いてください。", 1),
        ("男", "左に曲がって、まっすぐですね。", 1),
        ("女", "ええ。少し歩くと、右に大きな公園があります。図書館は公園の隣です。", 1),
        ("男", "今日、図書館は休みではありませんか。", 1),
        ("女", "いいえ、休みではありませんよ。午後七時までです。", 1),
        ("男", "わかりました。どうもありがとうございました。", 1),
        ("女", "いいえ、気をつけて。", 0),
    ]


def is_within(said: str, text: str) -> bool:
    """Whether characters are those of a text in their order, without some that are not said."""
    left = iter(text)
    return all(character in left for character in said)


@many
@example(text="「" * 9_999 + "」" * 9_998 + "は")
@given(text=st.lists(TEXTS, min_size=1, max_size=8).map("\n".join))
def test_any_passage_is_cut_into_what_it_says(text: str, dictionary: Dictionary) -> None:
    for form in forms(lambda text: build_dialogue_forms(text, passage=True), text):
        found = split_segments(form, PAUSES, dictionary)
        assert found
        assert split_segments(form, PAUSES) in (None, found)
        assert all(0 < len(each.form.text) <= MAX_SEGMENT_CHARS for each in found)
        assert is_within("".join(each.form.text for each in found), form.text)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("今日は雨です。", ["今日は", "雨です。"]),
        ("「はい」と言った。", ["「はい」と", "言った。"]),
        ("彼は「はい」と言った", ["彼は", "「はい」と", "言った"]),
        ("Tom went home.", ["Tom ", "went ", "home."]),
        ("…え？　本当！今日は雨", ["…え？　", "本当！", "今日は", "雨"]),
        ("。。。", ["。。。"]),
        ("", []),
        ("開く「", ["開く「"]),
        ("三千五百円です", ["三千五百円です"]),
    ],
)
def test_phrases_are_whole_with_the_marks_around_them(
    dictionary: Dictionary, text: str, phrases: list[str]
) -> None:
    found = split_phrases(text, dictionary)
    assert list(found) == phrases
    assert "".join(found) == text


@many
@given(text=TEXTS)
def test_phrases_together_are_the_text_and_each_can_be_said(
    dictionary: Dictionary, text: str
) -> None:
    found = split_phrases(text, dictionary)
    assert "".join(found) == text
    if any(map(str.isalnum, text)):
        assert all(any(map(str.isalnum, phrase)) for phrase in found)
