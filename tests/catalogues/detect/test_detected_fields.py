"""Fields of records: which are said, which tell the reading, and which URL belongs to which text."""

from typing import Any

import pytest

from tests.catalogues.detect.conftest import Look

MEET = {"word": "会う", "reading": "あう"}
BLUE = {"word": "青い", "reading": "あおい"}


@pytest.mark.parametrize(
    ("text", "kana", "url"),
    [
        ("word", "kana", "mp3"),
        ("surface", "yomi", "voice"),
        ("term", "hiragana", "sound"),
        ("expression", "pronunciation", "audioPath"),
        ("単語", "読み方", "音声"),
        ("Wort", "Lesung", "Ton"),
        ("Vocab-Kanji", "Vocab-Kana", "Vocab-Audio"),
        ("Word (JP)", "Reading in kana", "audio url"),
    ],
)
def test_the_usual_names_of_fields_are_known(look: Look, text: str, kana: str, url: str) -> None:
    rows = [{text: "会う", kana: "あう", "en": "meet", url: None}, {text: "青い", kana: "あおい"}]
    found = look({"a.json": rows})
    (rule,) = found.source.clips
    assert [form.form.text for form in found.clips] == ["会う", "青い"]
    assert [form.form.reading for form in found.clips] == ["アウ", "アオイ"]
    assert rule.to is not None
    assert rule.to.steps == (url,)


def test_a_line_in_romaji_is_held_against_the_sentence(look: Look) -> None:
    rows = [
        {"id": 1, "jp": "犬がいます。", "romaji": "Inu ga imasu.", "en": "A dog."},
        {"id": 2, "jp": "水を飲む。", "romaji": "Mizu o nomu.", "en": "Drink water."},
    ]
    (rule,) = look({"a.json": rows}).source.clips
    assert [path.text for path in rule.reading] == ["romaji"]


def test_a_line_in_kana_comes_before_romaji(look: Look) -> None:
    rows = [{"id": 1, "jp": "犬がいます。", "kana": "いぬがいます。", "romaji": "Inu ga imasu."}]
    (rule,) = look({"a.json": rows}).source.clips
    assert [path.text for path in rule.reading] == ["kana"]


def test_what_fills_the_gaps_of_a_reading_is_asked_second(look: Look) -> None:
    rows = [
        {"id": 1, "word": "会う", "hiragana": None, "katakana": "アウ"},
        {"id": 2, "word": "青い", "hiragana": "あおい", "katakana": None},
        {"id": 3, "word": "水", "hiragana": "みず", "katakana": None},
    ]
    found = look({"a.json": rows})
    assert [clip.form.reading for clip in found.clips] == ["アウ", "アオイ", "ミズ"]


def test_romaji_fills_the_gaps_of_kana(look: Look) -> None:
    rows = [
        {"id": 1, "word": "会う", "kana": None, "romaji": ["au"]},
        {"id": 2, "word": "青い", "kana": "あおい", "romaji": ["aoi"]},
    ]
    found = look({"a.json": rows})
    assert [clip.form.reading for clip in found.clips] == ["アウ", "アオイ"]


def test_a_word_without_kanji_is_said_from_its_kana(look: Look) -> None:
    rows = [{"kanji": "大学", "kana": "だいがく"}, {"kanji": "", "kana": "あの"}]
    found = look({"a.json": [*rows, {"kanji": "学生", "kana": "がくせい"}]})
    assert found.said[1] == "word: あの アノ -> [1].audioUrl"


@pytest.mark.parametrize("accent", [1, "1", "[1]", "4,0", [{"position": 2}], "(副)0,(名)3"])
def test_an_accent_is_taken_in_any_notation(look: Look, accent: Any) -> None:
    rows = [
        {"n": 1, "term": "端", "yomi": "はしです", "pitchAccent": accent},
        {"n": 2, "term": "端", "yomi": "はしでは", "pitchAccent": accent},
    ]
    found = look({"a.json": rows})
    assert [path.text for path in found.source.clips[0].accent] == ["pitchAccent"]
    assert all(clip.form.accent is not None for clip in found.clips)


def test_readings_in_brackets_are_read(look: Look) -> None:
    rows = [{"id": 1, "term": "食[た]べる"}, {"id": 2, "term": "会[あ]う"}]
    assert look({"a.json": rows}).said == [
        "word: 食べる タベル -> [0].audioUrl",
        "word: 会う アウ -> [1].audioUrl",
    ]


def test_the_same_words_with_furigana_are_no_second_clip(look: Look) -> None:
    rows = [
        {"id": 1, "content": "水を飲む。", "ruby_text": "水[みず]を飲[の]む。", "url": "/a.mp3"},
        {"id": 2, "content": "空は青い。", "ruby_text": "空[そら]は青[あお]い。", "url": "/b.mp3"},
    ]
    found = look({"a.json": rows})
    assert [clip.form.reading for clip in found.clips] == ["ミズヲノム", "ソラハアオイ"]


def test_ruby_is_furigana_too(look: Look) -> None:
    rows = [{"id": 1, "text": "<ruby>水<rt>みず</rt></ruby>です。", "audio": None}]
    assert look({"a.json": rows}).said == ["example: 水です。 ミズデス -> [0].audio"]


@pytest.mark.parametrize("on", ["onyomi", "on_readings", "音読み"])
def test_each_reading_of_a_kanji_is_a_clip_and_the_kanji_is_put_aside(look: Look, on: str) -> None:
    rows = [
        {"literal": "食", on: ["ショク"], "kunyomi": ["た.べる", "く.う"]},
        {"literal": "一", on: ["イチ", "イツ"], "kunyomi": []},
    ]
    found = look({"a.json": rows})
    assert (found.kinds, found.ids) == ({"kanji"}, ["食", "一"])
    assert found.said == [
        f"onyomi-1: 食 ショク -> [0]{_key(on)}[0]",
        "kunyomi-1: 食べる タベル -> [0].kunyomiAudio[0]",
        "kunyomi-2: 食う クウ -> [0].kunyomiAudio[1]",
        f"onyomi-1: 一 イチ -> [1]{_key(on)}[0]",
        f"onyomi-2: 一 イツ -> [1]{_key(on)}[1]",
    ]
    assert '\n# part = "kanji"\n' in found.toml


def _key(on: str) -> str:
    return f".{on}Audio"


def test_a_kanji_with_a_url_of_its_own_is_said(look: Look) -> None:
    rows = [
        {
            "kanji": "学",
            "reading": "ガク",
            "k_audio": "/k_学.mp3",
            "exampleWord": "学生",
            "exampleReading": "がくせい",
            "audio": "/v_学生.mp3",
        },
        {
            "kanji": "友",
            "reading": "とも",
            "k_audio": "/k_友.mp3",
            "exampleWord": "友だち",
            "exampleReading": "ともだち",
            "audio": "/v_友だち.mp3",
        },
    ]
    assert look({"a.json": rows}).said[:2] == [
        "kanji: 学 ガク -> [0].k_audio",
        "exampleWord: 学生 ガクセイ -> [0].audio",
    ]


def test_kana_are_characters_and_katakana_is_read(look: Look) -> None:
    rows = [{"hiragana": "は", "katakana": "ハ"}, {"hiragana": "へ", "katakana": "ヘ"}]
    found = look({"a.json": rows})
    assert found.kinds == {"characters"}
    assert [clip.form.reading for clip in found.clips] == ["ハ", "ヘ"]


def test_kanji_among_kana_are_the_built_in_shape_which_leaves_no_record_out(look: Look) -> None:
    rows = [
        {"hiragana": "あ", "katakana": "ア"},
        {"id": 1, "kanji": "日", "onyomi": ["ニチ"], "kunyomi": ["ひ"]},
        {"id": 2, "kanji": "食", "onyomi": [], "kunyomi": ["た.べる"]},
    ]
    found = look({"characters.json": rows})
    assert found.kinds == {"characters"}
    assert [clip.form.reading for clip in found.clips] == ["ア", "ニチ", "タベル"]


def test_texts_of_other_languages_are_left_out(look: Look) -> None:
    rows = [
        {"id": 1, "lang": "ja", "text": "水が飲みたいです。"},
        {"id": 2, "lang": "en", "text": "I want water."},
        {"id": 3, "lang": "ja", "text": "空は青いです。"},
    ]
    found = look({"a.json": rows})
    assert found.ids == ["1", "3"]
    assert len(found.unspoken) == 1


def test_sounds_in_another_language_are_left_alone(look: Look) -> None:
    rows = [{"id": 1, "text": "空は青いです。", "audio": "/a.mp3", "audioEn": "/e.mp3"}]
    found = look({"a.json": rows})
    assert found.said == ["example: 空は青いです。 -> [0].audio"]
    assert "# Other fields for recordings, which are left unchanged: audioEn." in found.toml


def test_a_text_that_some_records_lack_is_no_problem(look: Look) -> None:
    rows = [
        {"id": 1, **MEET, "audio": None, "sentence": "友だちに会う。", "sentenceAudio": None},
        {"id": 2, **BLUE, "audio": None},
    ]
    found = look({"a.json": rows})
    assert len(found.said) == 3
    assert found.unspoken == ["left out: sentence is missing"]


def test_each_sound_goes_to_the_text_that_it_is_called_after(look: Look) -> None:
    rows = [
        {"sentence_audio": None, "word_audio": None, "example_ja": "友だちに会う。", "jp": "会う"},
        {"sentence_audio": None, "word_audio": None, "example_ja": "空は青い。", "jp": "青い"},
    ]
    assert sorted(look({"a.json": rows}).said)[::2] == [
        "example_ja: 友だちに会う。 -> [0].sentence_audio",
        "word: 会う -> [0].word_audio",
    ]


def test_a_sound_of_an_odd_name_is_that_of_the_main_text(look: Look) -> None:
    rows = [{"id": 1, "jp": "犬がいます。", "en": "A dog.", "grammar_audio": "/a.mp3"}]
    assert look({"a.json": rows}).said == ["example: 犬がいます。 -> [0].grammar_audio"]


def test_the_sound_of_a_translation_is_left_alone(look: Look) -> None:
    rows = [{"id": 1, "jp": "犬がいます。", "meaning": "A dog.", "meaning_audio": "/a.mp3"}]
    assert look({"a.json": rows}).said == ["example: 犬がいます。 -> [0].audioUrl"]


def test_the_pattern_of_a_grammar_point_is_said_where_it_has_a_sound(look: Look) -> None:
    rows = [
        {"uuid": "a", "pattern": "〜ている", "audio": None, "examples": [{"ja": "寝ている。"}]},
        {"uuid": "b", "pattern": "〜たい", "audio": None, "examples": [{"ja": "寝たい。"}]},
    ]
    assert look({"a.json": rows}).said == [
        "title: ている テイル -> [0].audio",
        "title: たい タイ -> [1].audio",
    ]


def test_the_sound_of_a_titled_text_is_that_of_the_text(look: Look) -> None:
    rows = [{"id": 1, "titleJp": "犬", "text": "犬がいました。", "audio": None}]
    assert look({"a.json": rows}).said == ["text: 犬がいました。 -> [0].audio"]


def test_keys_in_japanese_get_clip_names_in_ascii(look: Look) -> None:
    row = {"語": "会う", "例": "犬だ。", "例音声": "/b.mp3", "文": "水だ。", "文音声": "/c.mp3"}
    found = look({"a.json": [row, {**row, "語": "水"}]})
    parts = [rule.part for rule in found.source.clips]
    assert len({*parts}) == len(parts) == 3
    assert all(part.isascii() for part in parts)


def test_a_taken_key_for_urls_is_not_written_over(look: Look) -> None:
    rows = [{"id": 1, "term": "会う", "audioUrl": 7, "termAudio": {"x": 1}}]
    assert look({"a.json": rows}).said == ["word: 会う -> [0].termAudio2"]


def test_urls_that_are_there_are_counted_and_kept(look: Look) -> None:
    found = look(
        {"a.json": [{"id": 1, "term": "会う", "audio": "/a.mp3"}, {"id": 2, "term": "水"}]}
    )
    assert "# 1 of 2 clips already have a URL." in found.toml
    assert found.source.overwrite.value == "ours"


def test_japanese_that_no_clip_says_is_told(look: Look) -> None:
    rows = [
        {"guid": "a", "expression": "猫", "ex": [{"s": "猫がいる。"}]},
        {"guid": "b", "expression": "犬", "ex": [{"s": "犬が走る。"}]},
    ]
    assert "# Japanese that no clip speaks: ex[*].s." in look({"a.json": rows}).toml
    bare = [{"guid": "a", "expression": "猫", "yomi": "ねこ"}]
    assert "no clip says" not in look({"a.json": bare}).toml


@pytest.mark.parametrize("wrong", ["アメリカ人", "はし1"])
def test_a_reading_is_kept_where_some_entries_have_none(look: Look, wrong: str) -> None:
    rows = [
        {"id": 1, "term": "先生 (せんせい)", "reading": "せんせい"},
        {"id": 2, "term": "～君 (～くん)", "reading": "～くん"},
        {"id": 3, "term": wrong, "reading": wrong},
    ]
    found = look({"a.json": rows}, sound=False)
    assert [path.text for path in found.source.clips[0].reading] == ["reading"]
    assert [clip.form.reading for clip in found.clips] == ["センセイ", "クン"]


def test_a_reading_passage_with_little_kanji_is_no_reading(look: Look) -> None:
    rows = [
        {"id": 1, "title": "犬", "readingPassage": "いぬがいました。"},
        {"id": 2, "title": "水", "readingPassage": "みずをのみました。"},
        {"id": 3, "title": "空", "readingPassage": "空は あおい です。"},
    ]
    found = look({"a.json": rows})
    assert [path.text for path in found.source.clips[0].text] == ["readingPassage"]


@pytest.mark.parametrize("odd", [["来る", "來る"], {"kanji": "来る"}])
def test_what_most_values_of_a_field_are_is_what_it_is(look: Look, odd: Any) -> None:
    found = look({"a.json": [MEET, BLUE, MEET, {"word": odd, "reading": "くる"}]}, sound=False)
    (rule,) = found.source.clips
    assert (rule.each, [path.text for path in rule.text]) == (None, ["word"])
    assert len(found.clips) == 3


@pytest.mark.parametrize("reading", [{}, {"reading": "がっこう"}])
@pytest.mark.parametrize("example", ["example", "ja"])
def test_a_name_beside_an_example_is_the_word(
    look: Look, reading: dict[str, str], example: str
) -> None:
    rows = [
        {"id": 1, "name": "学校", **reading, example: "学校に行きます。"},
        {"id": 2, "name": "学生", **reading, example: "学生がいます。"},
    ]
    found = look({"vocab.json": rows})
    assert found.kinds == {"vocabulary"}
    assert [clip.form.text for clip in found.clips] == ["学校", "学生"]


def test_a_name_that_stands_beside_several_lines_speaks_them(look: Look) -> None:
    rows = [
        {"id": number, "name": name, "example": "学校に行きます。"}
        for number, name in enumerate(["田中", "森", "田中", "田中", "森"])
    ]
    (rule,) = look({"a.json": rows}).source.clips
    assert [path.text for path in rule.speaker] == ["name"]


@pytest.mark.parametrize("words", ["おはよう。", "おはよう"])
def test_what_somebody_says_in_kana_is_no_reading_of_the_name(look: Look, words: str) -> None:
    names = ["田中", "森", "林", "北"]
    rows = [{"id": number, "name": each, "ja": words} for number, each in enumerate(names)]
    assert {clip.form.text for clip in look({"a.json": rows}).clips} == {words}


def test_a_speaker_may_be_a_letter(look: Look) -> None:
    rows = [
        {"start": 0.0, "end": 1.2, "text": "こんにちは。", "speaker": "A"},
        {"start": 1.3, "end": 2.2, "text": "元気ですか。", "speaker": "B"},
        {"start": 3.3, "end": 4.2, "text": "はい、元気です。", "speaker": "A"},
    ]
    (rule,) = look({"a.json": rows}).source.clips
    assert [path.text for path in rule.speaker] == ["speaker"]


def test_a_name_of_a_voice_is_no_speaker_of_a_text_elsewhere(look: Look) -> None:
    voices = {"engine": {"F": {"character": "めたん"}}}
    rows = [{"id": number, "text": "犬です。", "plan": voices} for number in range(3)]
    assert look({"a.json": rows}).source.clips[0].speaker == ()


def test_a_title_with_a_reading_is_a_word(look: Look) -> None:
    word = {"title": "犬", "yomi": "いぬ", "example": {"ja": "犬がいます。", "en": "x"}}
    other = {"title": "学校", "yomi": "がっこう", "example": {"ja": "学校です。", "en": "x"}}
    found = look({"words/0.json": word, "words/1.json": other})
    assert found.kinds == {"vocabulary"}
    assert found.said == ["word: 犬 イヌ -> audioUrl", "word: 学校 ガッコウ -> audioUrl"]


@pytest.mark.parametrize(
    "record",
    [
        {"title": "私の家", "yomi": "わたしのいえ", "text": "私の家は小さいです。"},
        {"title": "桃太郎", "yomi": "ももたろう", "ja": "昔々、おじいさんがいました。"},
        {"title": "〜たい", "yomi": "たい", "example": "水が飲みたい。"},
        {"title": "てもいい", "yomi": "てもいい", "example": "見てもいいです。"},
        {"title": "一方", "yomi": "いっぽう", "structure": "V", "example": "増える一方だ。"},
    ],
)
def test_the_title_of_a_text_or_a_pattern_is_no_word(look: Look, record: dict[str, str]) -> None:
    found = look({"a.json": [{"id": 1, **record}, {"id": 2, **record}]})
    assert found.clips[0].form.sentence


def test_what_stands_beside_most_readings_has_them(look: Look) -> None:
    rows = [
        {"id": 1, "counter": "人", "form": "私", "reading": "わたし"},
        {"id": 2, "form": "いい", "reading": "いい / よい"},
        {"id": 3, "form": "かれ", "reading": "かれ"},
    ]
    (rule,) = look({"a.json": rows}).source.clips
    assert [path.text for path in rule.text] == ["form"]
    assert [path.text for path in rule.reading] == ["reading"]


def test_a_question_is_offered_rather_than_what_explains_it(look: Look) -> None:
    question = {"q": "何をしますか。", "i18n": {"ja": {"explain": "先生が言ったので正解。"}}}
    rows = [{"id": number, "script": "犬がいます。", "questions": [question]} for number in (1, 2)]
    toml = look({"a.json": rows}).toml
    assert '# text = "q"' in toml
    assert '# text = "i18n.ja.explain"' not in toml


def test_a_word_that_has_furigana_is_called_the_word(look: Look) -> None:
    cards = [
        {"id": 1, "front": "<ruby>本<rt>ほん</rt></ruby>", "example": "本を読みます。"},
        {"id": 2, "front": "<ruby>水<rt>みず</rt></ruby>", "example": "水を飲みます。"},
    ]
    found = look({"a.json": {"decks": [{"id": "d", "cards": cards}]}})
    assert found.said[0] == "word: 本 ホン -> decks[0].cards[0].audioUrl"
    assert '# part = "example"' in found.toml


def test_words_of_one_kanji_have_the_readings_in_their_lists(look: Look) -> None:
    rows = [
        {"id": 1, "word": "市", "readings": [{"kana": "いち"}, {"kana": "し"}]},
        {"id": 2, "word": "犬", "readings": [{"kana": "いぬ"}]},
    ]
    assert look({"a.json": rows}).said == [
        "word: 市 イチ -> [0].audioUrl",
        "word: 犬 イヌ -> [1].audioUrl",
    ]


def test_the_answer_in_kana_to_a_word_is_its_reading(look: Look) -> None:
    rows = [{"id": 1, "question": "市", "answer": "いち"}, {"id": 2, "question": "犬"}]
    (rule,) = look({"a.json": rows}).source.clips
    assert [path.text for path in rule.reading] == ["answer"]


@pytest.mark.parametrize("blank", ["___", "（　　）"])
def test_the_full_sentence_is_said_rather_than_the_one_with_a_blank(look: Look, blank: str) -> None:
    rows = [
        {"id": 1, "sentence": f"私{blank}学生です。", "correct": "は", "full": "私は学生です。"},
        {"id": 2, "sentence": f"水{blank}飲みます。", "correct": "を", "full": "水を飲みます。"},
    ]
    rows = [{**row, "options": ["は", "が", "を"], "translation": "x"} for row in rows]
    found = look({"quiz.json": {"questions": rows}})
    assert [clip.form.text for clip in found.clips] == ["私は学生です。", "水を飲みます。"]
    assert "# Japanese that no clip speaks: sentence, correct, options[*]." in found.toml


def test_sentences_with_blanks_alone_are_no_catalogue(look: Look) -> None:
    rows = [{"id": 1, "stem": "私（　）学生です。"}, {"id": 2, "stem": "水（　）飲みます。"}]
    assert [*look({"quiz.json": rows}).proposal.passed] == ["quiz.json"]


def test_the_name_of_a_dictionary_before_an_accent_says_nothing(look: Look) -> None:
    text = "kanji,kana,nhk_accent\n雨,あめ,1\n飴,あめ,0\n食べる,たべる,2\n"
    assert [clip.form.accent for clip in look({"a.csv": text}).clips] == [1, 0, 2]


@pytest.mark.parametrize("url", [{}, {"audio": ""}])
@pytest.mark.parametrize(
    ("title", "script", "question"),
    [("title_ja", "script_ja", "prompt_ja"), ("title", "script", "question")],
)
def test_the_passage_is_said_rather_than_its_title_and_the_question(
    look: Look, title: str, script: str, question: str, url: dict[str, str]
) -> None:
    lines = ["男：駅はどこですか。\n女：あそこです。", "女：何を飲みますか。\n男：お茶をください。"]
    rows = [
        {"id": at, question: "何をしますか。", title: "駅で会いますか", script: text, **url}
        for at, text in enumerate(lines)
    ]
    found = look({"listening.json": {"items": rows}})
    assert found.kinds == {"listening"}
    assert [clip.form.text for clip in found.clips] == [
        "駅はどこですか。あそこです。",
        "何を飲みますか。お茶をください。",
    ]


def test_forms_in_objects_have_their_names_and_their_urls_there(look: Look) -> None:
    verbs = [
        ("書く", "かく", "書いて", "かいて", "書いた"),
        ("来る", "くる", "来て", "きて", "来た"),
        ("食べる", "たべる", "食べて", "たべて", "食べた"),
    ]
    rows = [
        {
            "verb": verb,
            "kana": kana,
            "forms": {"te": {"kanji": te, "kana": read}, "ta": {"kanji": ta}},
        }
        for verb, kana, te, read, ta in verbs
    ]
    toml = look({"verbs.json": rows}).toml
    assert '# part = "te"\n# text = "forms.te.kanji"\n# reading = "forms.te.kana"' in toml
    assert '# to = "forms.te.audioUrl"' in toml


def test_a_second_field_has_the_readings_that_most_of_the_others_lack(look: Look) -> None:
    rows = [
        {"word": "体", "furigana": "体[からだ]", "reading": "からだ"},
        {"word": "窓", "furigana": "窓[まど]", "reading": "まど"},
        {"word": "市", "furigana": "いち"},
        {"word": "頭", "furigana": "あたま"},
    ]
    found = look({"a.json": [{"n": at, **row} for at, row in enumerate(rows)]})
    readings = [clip.form.reading for clip in found.clips]
    assert readings == ["カラダ", "マド", "イチ", "アタマ"]
