"""CSV, TSV and Anki's text files: with a line that names the columns, and without."""

import pytest

from tests.catalogues.detect.conftest import Look


@pytest.mark.parametrize(
    ("file", "delimiter", "names"),
    [
        ("a.csv", ",", ("expression", "reading", "meaning")),
        ("a.csv", ";", ("単語", "読み", "意味")),
        ("a.tsv", "\t", ("Word", "Kana", "English")),
    ],
)
def test_a_table_with_a_header_is_read(
    look: Look, file: str, delimiter: str, names: tuple[str, ...]
) -> None:
    rows = [names, ("会う", "あう", "to meet"), ("青い", "あおい", "blue")]
    found = look({file: "".join(delimiter.join(row) + "\n" for row in rows)})
    assert found.said == ["word: 会う アウ -> [0].audio", "word: 青い アオイ -> [1].audio"]
    assert found.source.columns is None


def test_a_column_that_differs_in_all_rows_and_is_called_so_is_the_id(look: Look) -> None:
    found = look({"a.csv": "expression,reading,guid\n会う,あう,k!1\n青い,あおい,k?2\n"})
    assert found.ids == ["k!1", "k?2"]


def test_a_spelling_that_is_missing_is_the_kana(look: Look) -> None:
    found = look({"a.csv": "Lesson,Kanji,Kana\n1,大学,だいがく\n1,,あの\n2,学生,がくせい\n"})
    assert found.said[1] == "word: あの アノ -> [1].audio"


def test_columns_without_names_are_guessed_by_what_is_in_them(look: Look) -> None:
    found = look({"a.csv": "会う,あう,to meet\n青い,あおい,blue\n水,みず,water\n"})
    assert found.source.columns == ("word", "reading", "column3", "audio")
    assert found.said[0] == "word: 会う アウ -> [0].audio"


def test_readings_of_kanji_in_a_table_have_a_column_each(look: Look) -> None:
    found = look({"a.csv": "kanji,onyomi,kunyomi\n日,ニチ、ジツ,ひ\n学,ガク,まな.ぶ\n"})
    assert found.kinds == {"kanji"}
    assert found.said[2:] == [
        "onyomi: 学 ガク -> [1].onyomi_audio",
        "kunyomi: 学ぶ マナブ -> [1].kunyomi_audio",
    ]


def test_columns_of_readings_that_have_sounds_keep_them(look: Look) -> None:
    text = "kanji,onyomi,kunyomi,onyomi_audio,kunyomi_audio\n日,ニチ、ジツ,ひ,/a.mp3,/b.mp3\n"
    assert look({"a.csv": text + "学,ガク,まな.ぶ,/c.mp3,/d.mp3\n"}).said[2:] == [
        "onyomi: 学 ガク -> [1].onyomi_audio",
        "kunyomi: 学ぶ マナブ -> [1].kunyomi_audio",
    ]


def test_an_export_of_anki_is_read(look: Look) -> None:
    lines = [
        "#separator:tab",
        "#html:true",
        "#guid column:1",
        "ab1\t会う\tあう\t[sound:au.mp3]",
        "ab2\t<b>青い</b>\tあおい\t[sound:aoi.mp3]",
    ]
    found = look({"deck.txt": "\n".join(lines) + "\n"})
    assert found.ids == ["ab1", "ab2"]
    assert found.said[1] == "word: 青い アオイ -> [1].audio"
    assert found.clips[0].url == "[sound:au.mp3]"


def test_an_export_of_anki_that_names_its_columns_is_read(look: Look) -> None:
    text = "#separator:tab\n#columns:Expression\tReading\tAudio\n会う\tあう\t\n青い\tあおい\t\n"
    found = look({"deck.txt": text})
    assert found.said == ["word: 会う アウ -> [0].Audio", "word: 青い アオイ -> [1].Audio"]


def test_the_sounds_of_an_export_go_to_the_texts_in_their_order(look: Look) -> None:
    rows = [("会う", "あう", "友だちに会う。"), ("青い", "あおい", "空は青い。")]
    lines = [
        "\t".join([*row, f"[sound:w{number}.mp3]", f"[sound:s{number}.mp3]"])
        for number, row in enumerate(rows)
    ]
    found = look({"deck.txt": "#separator:tab\n" + "\n".join(lines) + "\n"})
    assert [clip.url for clip in found.clips[:2]] == ["[sound:w0.mp3]", "[sound:s0.mp3]"]
    assert [clip.form.text for clip in found.clips[:2]] == ["会う", "友だちに会う。"]


def test_furigana_of_anki_are_read(look: Look) -> None:
    text = "#separator:tab\n食[た]べる\tto eat\n会[あ]う\tto meet\n青[あお]い\tblue\n"
    found = look({"deck.txt": text})
    assert found.said[0] == "word: 食べる タベル -> [0].audio"


def test_sentences_of_tatoeba_are_read(look: Look) -> None:
    text = "1297\tjpn\t何かしてみましょう。\n4702\tjpn\t私は眠らなければなりません。\n"
    found = look({"jpn_sentences.tsv": text})
    assert [clip.form.text for clip in found.clips] == [
        "何かしてみましょう。",
        "私は眠らなければなりません。",
    ]


def test_sentences_of_several_languages_are_told_apart(look: Look) -> None:
    rows = [("jpn", "何かしてみましょう。"), ("jpn", "私は眠ります。"), ("jpn", "犬がいます。")]
    rows.append(("eng", "I have to go to sleep."))
    text = "".join(f"{number}\t{lang}\t{words}\n" for number, (lang, words) in enumerate(rows))
    found = look({"sentences.tsv": text})
    assert len(found.said) == 3
    assert len(found.unspoken) == 1


def test_a_deck_of_words_and_sentences_has_both(look: Look) -> None:
    text = (
        "Vocab-Kanji,Vocab-Furigana,Vocab-Kana,Vocab-Audio,Expression,Reading,Sentence-Audio\n"
        "会う,会[あ]う,あう,,私は会う。,私[わたし]は会[あ]う。,\n"
        "青い,青[あお]い,あおい,,空は青い。,空[そら]は青[あお]い。,\n"
    )
    assert look({"core.csv": text}).said[:2] == [
        "word: 会う アウ -> [0].Vocab-Audio",
        "Expression: 私は会う。 ワタシハアウ -> [0].Sentence-Audio",
    ]


def test_a_text_file_that_is_no_export_is_not_looked_at(look: Look) -> None:
    found = look({"notes.txt": "会う, あう, to meet\n青い, あおい, blue\n"})
    assert (found.proposal.drafts, [*found.proposal.passed]) == ((), ["notes.txt"])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [";", ","])
def test_the_line_of_excel_that_names_the_delimiter_changes_nothing(
    look: Look, mark: str, delimiter: str
) -> None:
    text = "単語,読み,意味\n会う,あう,meet\n水,みず,water\n".replace(",", delimiter)
    found = look({"a.csv": f"{mark}sep={delimiter}\n{text}"})
    assert (found.source.columns, found.source.delimiter) == (None, None)
    assert found.said == ["word: 会う アウ -> [0].audio", "word: 水 ミズ -> [1].audio"]


@pytest.mark.parametrize("words", ["猫,ねこ 犬,いぬ 鳥,とり", "市場,しじょう 人気,ひとけ"])
@pytest.mark.parametrize("names", ["Front,Back", "Word,Reading"])
def test_a_deck_has_the_kana_on_the_back_read_and_each_sound_at_its_text(
    look: Look, words: str, names: str
) -> None:
    rows = [f"{row},{row.split(',')[0]}がいます。,There is.,," for row in words.split()]
    header = f"{names},Sentence,SentenceEng,Audio,SentAudio"
    found = look({"deck.csv": "\n".join([header, *rows, ""])})
    word, sentence = found.source.clips
    assert [path.text for path in word.reading] == [names.split(",")[1]]
    assert [rule.to.text for rule in (word, sentence) if rule.to] == ["Audio", "SentAudio"]


def test_the_back_of_a_card_is_said_where_the_front_is_in_another_language(look: Look) -> None:
    found = look({"deck.csv": "Front,Back\nto eat,食べる\nto drink,飲む\n"})
    assert found.said == ["word: 食べる -> [0].audio", "word: 飲む -> [1].audio"]


def test_a_column_of_blanks_is_empty(look: Look) -> None:
    text = 'id, word, reading , audio\n1, 食べる, たべる, \n2, "飲む", のむ, \n'
    (rule,) = look({"a.csv": text}, sound=False).source.clips
    assert rule.to is not None
    assert rule.to.text == "audio"


def test_an_export_of_notion_has_its_names_said(look: Look) -> None:
    rows = ["犬,名詞,いぬ,犬が好きです。,I like dogs.,", "学校,名詞,がっこう,学校です。,A school.,"]
    found = look({"a.csv": "\n".join(["Name,Tags,読み方,例文,例文の訳,音声", *rows, ""])})
    assert found.kinds == {"vocabulary"}
    assert found.said == ["word: 犬 イヌ -> [0].音声", "word: 学校 ガッコウ -> [1].音声"]


@pytest.mark.parametrize(
    ("texts", "sounds"),
    [
        ("Word,Sentence", "W_Audio,S_Audio"),
        ("Word,Sentence", "VocAudio,SentAudio"),
        ("単語,例文", "VocAudio,SentAudio"),
        ("単語,例文", "Audio,ExAudio"),
    ],
)
def test_sounds_may_be_called_by_first_letters(look: Look, texts: str, sounds: str) -> None:
    found = look({"a.csv": f"{texts},{sounds}\n会う,友だちに会う。,,\n青い,空は青い。,,\n"})
    targets = [rule.to.text for rule in found.source.clips if rule.to]
    assert ",".join(targets) == sounds


def test_a_row_of_kana_has_a_column_for_the_sound_of_each_letter(look: Look) -> None:
    found = look({"kana.csv": "row,a,i,u\nk,か,き,く\ns,さ,し,す\ny,や,,ゆ\n"})
    assert found.kinds == {"characters"}
    assert found.said[:3] == [
        "a: カ -> [0].a_audio",
        "i: キ -> [0].i_audio",
        "u: ク -> [0].u_audio",
    ]
    assert len(found.said) == 8


def test_a_column_that_is_a_reading_in_most_rows_is_guessed_to_be_one(look: Look) -> None:
    text = "会う,あう\n水,みず\n人気,ひとけ\nアメリカ人,アメリカ人\n"
    found = look({"a.csv": text}, sound=False)
    assert found.source.columns == ("word", "reading", "audio")
    assert [clip.form.reading for clip in found.clips] == ["アウ", "ミズ", "ヒトケ"]


def test_the_back_of_a_card_is_the_word_of_the_sentence_beside_it(look: Look) -> None:
    text = "Front,Back,Sentence\nto eat,食べる,パンを食べる。\nto drink,飲む,水を飲む。\n"
    assert look({"deck.csv": text}).said[0] == "word: 食べる -> [0].audio"


def test_a_row_is_a_header_if_a_name_in_it_stands_above_another_language(look: Look) -> None:
    rows = [
        "行く,行きます,行って,いく,go",
        "食べる,食べます,食べて,たべる,eat",
        "見る,見ます,見て,みる,see",
    ]
    found = look({"verbs.csv": "\n".join(["辞書形,ます形,て形,よみ,意味", *rows, ""])})
    assert found.source.columns is None
    assert found.said == [
        "word: 行く イク -> [0].audio",
        "word: 食べる タベル -> [1].audio",
        "word: 見る ミル -> [2].audio",
    ]
