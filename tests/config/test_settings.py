"""Settings: flag over environment over file over default, and errors that name their place."""

import re
from pathlib import Path

import pytest

from tts_assets.config.load_settings import load
from tts_assets.config.option_table import NAMES_OR_PATHS, OPTIONS, PATHS
from tts_assets.config.settings import Only, Settings, SpeakerSettings
from tts_assets.errors import UsageError
from tts_assets.model import DictionaryWord, Format, Kind, WordKind


def _load(folder: Path, flags: dict[str, object] | None = None, **environment: str) -> Settings:
    return load(flags=flags or {}, environment=environment, folder=folder)


def test_nothing_said_means_the_defaults(tmp_path: Path) -> None:
    assert _load(tmp_path) == Settings()


def test_a_flag_wins_over_environment_over_file(tmp_path: Path) -> None:
    (tmp_path / "tts-assets.toml").write_text('speed = 0.8\nvoice = "a"\nprovider = "file"\n')
    settings = _load(
        tmp_path, {"speed": "1.2"}, TTS_ASSETS_SPEED="1.1", TTS_ASSETS_VOICE="b", OTHER="x"
    )
    assert (settings.speed, settings.voice, settings.provider) == (1.2, "b", "file")


def test_a_file_says_everything(tmp_path: Path) -> None:
    (tmp_path / "tts-assets.toml").write_text(
        'paths = ["words"]\ntype = ["kanji", "grammar"]\nconcurrency = 3\ntimeout = 5\n'
        'output = "out"\nurl = "/a/{recipe}"\nupdate-json = false\nmax-failures = 2\n'
        '[sound]\nformat = "opus"\nrate = 48000\nlufs = -16\npeak = -1\nlead = 0\ntrail = 50\n'
    )
    settings = _load(tmp_path)
    assert settings.paths == ("words",)
    assert settings.kinds == (Kind.KANJI, Kind.GRAMMAR)
    assert (settings.concurrency, settings.timeout_seconds, settings.max_failures) == (3, 5.0, 2)
    assert (settings.output, settings.url, settings.update_json) == ("out", "/a/{recipe}", False)
    assert (settings.sound.format, settings.sound.rate_hz) == (Format.OPUS, 48000)
    assert (settings.sound.lead_ms, settings.sound.trail_ms) == (0, 50)


def test_pyproject_serves_too_and_the_own_file_wins(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.tts-assets]\nspeed = 0.5\n")
    assert _load(tmp_path).speed == 0.5
    (tmp_path / "tts-assets.toml").write_text("speed = 0.7\n")
    assert _load(tmp_path).speed == 0.7


def test_a_file_above_is_found_and_its_paths_are_seen_from_there(tmp_path: Path) -> None:
    (tmp_path / "tts-assets.toml").write_text('paths = ["words"]\noutput = "out"\n')
    (tmp_path / "below").mkdir()
    settings = _load(tmp_path / "below")
    assert settings.paths == (str(tmp_path / "words"),)
    assert settings.output == str(tmp_path / "out")


@pytest.mark.parametrize("start", [".", "below"])
def test_a_tilde_is_the_home_folder_wherever_no_shell_replaces_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    monkeypatch.setenv("HOME", "/home/kai")
    (tmp_path / "tts-assets.toml").write_text(
        'paths = ["~/words", "~unknown-user"]\noutput = "~"\n'
    )
    (tmp_path / "below").mkdir()
    settings = _load(tmp_path / start, TTS_ASSETS_TEMP="~/temp")
    assert settings.paths == ("/home/kai/words", "~unknown-user")
    assert (settings.output, settings.temp) == ("/home/kai", "/home/kai/temp")
    # The shell decided what the command line means.
    assert _load(tmp_path, {"output": "~/x"}).output == "~/x"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("sped = 1", r"tts-assets\.toml:1: there is no setting 'sped'; did you mean speed\?"),
        ("[sound]\nlouds = 1", r"no setting 'sound\.louds'"),
        ("sound = 3", "no setting 'sound'"),
        ('speed = "fast"', r"tts-assets\.toml:1: speed is 'fast', but must be a number from 0\.25"),
        ("speed = true", "speed is True"),
        ("speed = nan", "speed is nan"),
        ("speed = 99", r"must be a number from 0\.25 to 4"),
        ("concurrency = 1.5", "must be 'auto' or a whole number"),
        ("concurrency = 0", "must be 'auto' or a whole number"),
        ('type = ["kanjis"]', "must be all, or some of vocabulary"),
        ('paths = ["a", 3]', "paths is"),
        ('paths = ""', "paths is ''"),
        ('[sound]\nformat = "aac"', "must be one of mp3, opus"),
        ("update-json = 3", "must be true or false"),
        ("speed = = 1", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_key(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "tts-assets.toml").write_text(content)
    with pytest.raises(UsageError, match=message):
        _load(tmp_path)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("# speed = 1\n\nspeed = 99", "3: speed is 99"),
        ("voice = 'a' # speed = 3\r\nspeed = 99\r\n", "2: speed is 99"),
        ("paths = [\n  'a',\n]\n\n[sound]\n\n rate = 1", "7: sound.rate is 1"),
        ("voice = 'a'\nsound.rate = 1", "2: sound.rate is 1"),
        ("\n[ 'sound' ] # of all\n\"rate\" = 1", "3: sound.rate is 1"),
        ("voice = 'a'\nsound = {format = 'mp3',rate = 1}", "2: sound.rate is 1"),
        ("paths = [\n[1],\n]\nspeed = 1", "1: paths is"),
        ("\npath = 'a'", "2: there is no setting 'path'"),
        ("[sound]\n\nlouds = 1", "3: there is no setting 'sound.louds'"),
        ("speaker = 3", "1: speaker is 3"),
        ("[[speaker]]\nname = 'a'\n\n[[speaker]]\nname = ''", "4: speaker 2: name = ''"),
        ("speaker = [\n{name = 'a'},\n{name = ''},\n]", "1: speaker 2: name = ''"),
        (
            "dictionary = [\n{surface = 'x', reading = 'ア'},\n{surface = 'x', reading = 'イ'},\n]",
            "1: dictionary 1 and dictionary 2 both define 'x'",
        ),
        ("\n[[source]]\nfiles = 'x'\nkind = 'kanji'\n[[source.clip]]", "2: source 1, clip 1: "),
        ('"sp\\u0065ed" = 99', " speed is 99"),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(tmp_path: Path, content: str, place: str) -> None:
    (tmp_path / "tts-assets.toml").write_bytes(content.encode())
    with pytest.raises(UsageError, match=re.escape(f"tts-assets.toml:{place}")):
        _load(tmp_path)


def test_a_file_in_place_of_the_output_folder_is_refused(tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "file"
    link.symlink_to("nowhere")
    file.touch()
    with pytest.raises(UsageError, match=r"output: .*link is a link that leads nowhere, but must"):
        _load(tmp_path, {"output": str(link)})
    with pytest.raises(UsageError, match=r"output: .*file is a file, but must be a folder"):
        _load(tmp_path, {"output": str(file)})
    with pytest.raises(UsageError, match=r"state: .*file is a file, but must be a folder"):
        _load(tmp_path, {"output": "s3://bucket/a", "state": str(file)})


def test_a_long_line_of_the_file_takes_no_time(tmp_path: Path) -> None:
    (tmp_path / "tts-assets.toml").write_text(f"# x\nvoice = 'a'{' ' * 10**6}#\nspeed = 99")
    with pytest.raises(UsageError, match="toml:3: speed is 99"):
        _load(tmp_path)


def test_a_wrong_value_in_pyproject_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.other]\nspeed = 99\n[tool.tts-assets]\nvoice = 'a'\n[tool.tts-assets.sound]\nrate = 1"
    )
    with pytest.raises(UsageError, match=re.escape("pyproject.toml:6: sound.rate is 1")):
        _load(tmp_path)


def test_wrong_flags_and_variables_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"TTS_ASSETS_SOUND_LUFS is 'loud'"):
        _load(tmp_path, TTS_ASSETS_SOUND_LUFS="loud")
    with pytest.raises(UsageError, match="--timeout is 'x'"):
        _load(tmp_path, {"timeout": "x"})


def test_every_setting_has_a_variable(tmp_path: Path) -> None:
    variables = {
        f"TTS_ASSETS_{key.upper().replace('.', '_').replace('-', '_')}": key for key in OPTIONS
    }
    for name, key in variables.items():
        with pytest.raises(UsageError, match=name):
            load(flags={}, environment={name: "\x00" if key not in _FREE else " "}, folder=tmp_path)


#: Settings whose text is not checked here, as long as there is any.
_FREE = {
    "paths",
    "provider",
    "voice",
    "output",
    "temp",
    "overrides",
    "transcribe.recognizer",
    "transcribe.model",
    "transcribe.language",
    "asset",
    "url",
    "kokoro.model",
    "kokoro.voices",
    "piper.voices",
    "models.folder",
    "elevenlabs.api-key-file",
    "openai.api-key-file",
    "elevenlabs.model",
    "elevenlabs.voices",
    "elevenlabs.output-format",
    "openai.model",
    "openai.voices",
    "openai.response-format",
    "openai.instructions",
    "voicevox.voices",
}


def test_a_config_file_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text("speed = 2\n")
    assert load(flags={}, environment={}, folder=tmp_path, config=path).speed == 2
    with pytest.raises(UsageError, match="cannot be read"):
        load(flags={}, environment={}, folder=tmp_path, config=tmp_path / "none.toml")


def test_a_variable_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"TTS_ASSETS_CONCURENCY.*did you mean TTS_ASSETS_CONCURRENCY"
    ):
        _load(tmp_path, TTS_ASSETS_CONCURENCY="2")


def test_paths_of_models_are_seen_from_the_file_and_names_stay_names(tmp_path: Path) -> None:
    (tmp_path / "tts-assets.toml").write_text(
        '[kokoro]\nmodel = "models/mine.onnx"\nvoices = "kokoro-voices-v1.0"\n'
        '[piper]\nvoices = "~/voices"\n[models]\nfolder = "models"\nmirror = "https://m.example/x/"\n'
    )
    settings = _load(tmp_path / "below")
    assert settings.kokoro.model == str(tmp_path / "models/mine.onnx")
    assert settings.kokoro.voices == "kokoro-voices-v1.0"
    assert settings.piper.voices == str(Path.home() / "voices")
    assert settings.models.folder == str(tmp_path / "models")
    assert settings.models.mirror == "https://m.example/x"


@pytest.mark.parametrize("content", ["[tool]\ntts-assets = 5", "[[tool.tts-assets]]\nspeed = 1"])
def test_a_table_of_another_type_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "pyproject.toml").write_text(content)
    with pytest.raises(UsageError, match="must be a table"):
        _load(tmp_path)


def test_somebody_else_s_odd_pyproject_is_none_of_our_business(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool = 5")
    assert _load(tmp_path) == Settings()


@pytest.mark.parametrize(
    "changes",
    [
        {"paths": "data"},
        {"kinds": ("x",)},
        {"speed": 0.0},
        {"concurrency": 0},
        {"timeout_seconds": 0},
        {"paths": (1,)},
        {"output": Path("audio")},
        {"output": None},
        {"url": ""},
        {"voice": 5},
        {"temp": None},
        {"sound": None},
        {"sound": {"format": "mp3"}},
        {"sources": ({},)},
        {"sources": {"files": "*.json"}},
        {"words": ("橋",)},
        {"speakers": ({"name": "A"},)},
        {"prices": (1,)},
        {"only": "new"},
    ],
)
def test_programs_cannot_set_what_cannot_be_meant(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(changes))):
        Settings(**changes)  # type: ignore[arg-type]


def test_sources_and_words_come_from_the_file_and_are_seen_from_it(tmp_path: Path) -> None:
    (tmp_path / "tts-assets.toml").write_text(
        '[[source]]\nfiles = "words/*.json"\nkind = "vocabulary"\n'
        '[[source]]\nfiles = ["a.csv", "b.csv"]\nkind = "kanji"\n'
        '[[dictionary]]\nsurface = "勇人"\nreading = "ゆうと"\naccent = 1\nkind = "name"\n',
        "utf-8",
    )
    deep = tmp_path / "deep"
    deep.mkdir()
    settings = load(flags={}, environment={}, folder=deep)
    assert [source.files for source in settings.sources] == [
        (str(tmp_path / "words/*.json"),),
        (str(tmp_path / "a.csv"), str(tmp_path / "b.csv")),
    ]
    assert settings.words == (
        DictionaryWord(surface="勇人", reading="ユウト", accent=1, kind=WordKind.NAME),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[source]\nfiles = "x"', r"source is .*; write \[\[source\]\]"),
        ("[[source]]\nfiles = 'x'", "source 1: kind is missing"),
        ("[[dictionary]]\nsurface = 'x'", "dictionary 1: reading is missing"),
        ("[[dictionary]]\nsurface = 'a b'\nreading = 'あ'", "one word without spaces"),
        ("[[dictionary]]\nsurface = 'x'\nreading = '亜'", "must be kana"),
        ("[[dictionary]]\nsurface = 'x'\nreading = 'はし'\naccent = 3", "ハシ has only 2 morae"),
        ("[[dictionary]]\nsurface = 'x'\nreading = 'はし'\naccent = true", "whole number"),
        ("[[dictionary]]\nsurface = 'x'\nreading = 'はし'\nkind = 'thing'", "one of noun, name"),
        ("[[dictionary]]\nsurface = 'x'\nreding = 'はし'", "reading is missing"),
        ("[[speaker]]\nvoice = 'mei'", "speaker 1: name is missing"),
        ("[[speaker]]\nname = ' '", "speaker 1: name = ' ': it must be text that is not empty"),
        ("[[speaker]]\nname = '男'\nvoise = 'mei'", "no key 'voise'; did you mean voice?"),
        ("[[speaker]]\nname = '男'\nspeed = 5", "speed = 5: it must be a number from 0.25 to 4"),
        ("[[speaker]]\nname = '男'\nspeed = '1'", "speed = '1': it must be a number"),
        ("sources = 1", "no setting 'sources'; did you mean source?"),
        (
            "zzz = 1",
            "there are: paths, .*, source, dictionary, price, speaker, .sound., .*bucket.$",
        ),
        (
            "dictionary = [{surface='角', reading='かど'}, {surface='角', reading='つの', accent=2}]",
            "dictionary 1 and dictionary 2 .* '角': カド and ツノ with accent 2; keep one",
        ),
    ],
)
def test_a_slip_in_a_table_is_told_with_its_place(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "tts-assets.toml").write_text(content, "utf-8")
    with pytest.raises(UsageError, match=message):
        load(flags={}, environment={}, folder=tmp_path)


def test_speakers_are_told_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "tts-assets.toml").write_text(
        "[[speaker]]\nname = '男 '\nvoice = 'mei-low'\n[[speaker]]\nname = '女'\nspeed = 1\n",
        "utf-8",
    )
    assert _load(tmp_path).speakers == (
        SpeakerSettings(name="男", voice="mei-low"),
        SpeakerSettings(name="女", speed=1.0),
    )


def test_one_word_may_stand_twice_in_the_same_words(tmp_path: Path) -> None:
    word = '[[dictionary]]\nsurface = "角"\nreading = "かど"\n'
    (tmp_path / "tts-assets.toml").write_text(word * 2, "utf-8")
    assert len(_load(tmp_path).words) == 2


@pytest.mark.parametrize(
    ("file", "content"),
    [("tts-assets.toml", "speed = 2\n"), ("pyproject.toml", "[tool.tts-assets]\nspeed = 2\n")],
)
def test_the_byte_order_mark_of_notepad_is_no_setting(
    tmp_path: Path, file: str, content: str
) -> None:
    (tmp_path / file).write_text(content, "utf-8-sig")
    assert _load(tmp_path).speed == 2


def test_a_file_is_no_output_folder(tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text("[]")
    (tmp_path / "tts-assets.toml").write_text('output = "w.json"\n')
    (tmp_path / "below").mkdir()
    with pytest.raises(UsageError, match=r"output: .*w\.json is a file, but must be a folder"):
        _load(tmp_path / "below")


@pytest.mark.parametrize("key", [key for key in OPTIONS if key not in (*PATHS, *NAMES_OR_PATHS)])
def test_bytes_that_are_no_text_are_refused_wherever_no_path_is_meant(
    tmp_path: Path, key: str
) -> None:
    name = "TTS_ASSETS_" + key.upper().replace(".", "_").replace("-", "_")
    with pytest.raises(UsageError, match=f"{name} "):
        _load(tmp_path, None, **{name: "https://m\udcff/{recipe}.{ext}"})


@pytest.mark.parametrize("key", [*PATHS, *NAMES_OR_PATHS])
def test_a_path_may_have_any_name(tmp_path: Path, key: str) -> None:
    name = "TTS_ASSETS_" + key.upper().replace(".", "_").replace("-", "_")
    assert "m\\udcff" in repr(_load(tmp_path, None, **{name: "m\udcff"}))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"shard": "0/4"}, "--shard is '0/4', but must be "),
        ({"shard": "1/1001"}, "with i from 1 to n and n at most 1,000"),
        ({"max-clips": "-1"}, "a whole number from 0 to 1,000,000,000"),
        ({"speed": "9"}, "a number from 0.25 to 4"),
    ],
)
def test_bounds_are_told_as_people_write_them(
    tmp_path: Path, flags: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        _load(tmp_path, flags)


def test_what_to_make_is_said_with_commas_too(tmp_path: Path) -> None:
    settings = _load(tmp_path, {"only": ["new,missing", "failed"]})
    assert settings.only == (Only.NEW, Only.MISSING, Only.FAILED)


def test_a_setting_of_a_wrong_type_is_named_with_its_type() -> None:
    with pytest.raises(UsageError, match=re.escape("paths=['data'] (type: tuple[str, ...])")):
        Settings(paths=["data"])  # type: ignore[arg-type]  # what is tested
