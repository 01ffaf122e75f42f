"""macOS's `say`, through a stand-in that is as strict: what it is given, what it may do, how it ends."""

import json
import os
import platform
import re
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import psutil
import pytest

from tests.stand_ins import say_stand_in
from tts_assets.build.pool import FailureRules, Pool
from tts_assets.config.settings import Settings
from tts_assets.engines import say
from tts_assets.engines.protocol import Speaker
from tts_assets.engines.registry import load_engine
from tts_assets.engines.say import parse_voice_list
from tts_assets.errors import ClipError, FatalError, TtsAssetsError
from tts_assets.model import DictionaryWord, Speech, SpokenForm, Voice

KYOKO = Voice(provider="say", name="Kyoko")
FORMS = [
    SpokenForm(text="食べる", reading="タベル"),
    SpokenForm(text="開く", reading="アク", accent=0),
    SpokenForm(text="箸", reading="ハシ", accent=1),
    SpokenForm(text="ハ", reading="ハ"),
    SpokenForm(text="コーヒー", reading="コーヒー"),
    SpokenForm(text="東京タワー", reading="トウキョウタワー"),
    SpokenForm(text="犬"),
    SpokenForm(text="これは何ですか。", sentence=True),
    SpokenForm(text="明日は晴れます。", reading="アシタワハレマス", sentence=True),
    SpokenForm(text="「はい」、と言った！", sentence=True),
]


@pytest.fixture
def anyio_backend() -> str:
    """On one backend: what differs between them is tested with the pool and the engines' contract."""
    return "asyncio"


class Mac:
    """A machine whose `say` is the stand-in, or whatever a test puts in its place."""

    def __init__(self, folder: Path) -> None:
        self.say = say_stand_in.put_into(folder / "bin")
        self.log = folder / "say.log"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()

    def script(self, lines: str) -> None:
        self.say.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")

    def calls(self) -> list[dict[str, Any]]:
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mac:
    machine = Mac(tmp_path)
    monkeypatch.setenv("PATH", f"{machine.say.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TEST_SAY_LOG", str(machine.log))
    monkeypatch.setattr(tempfile, "tempdir", str(machine.temporary))
    return machine


async def _said(*forms: SpokenForm, voice: Voice = KYOKO) -> list[Speech]:
    async with load_engine("say", Settings()).open(workers=1, timeout_seconds=60.0) as speaker:
        return [await speaker.speak(form, voice) for form in forms]


def _listing(line: str) -> list[tuple[str, str, str]]:
    return [(each.name, each.language, each.description) for each in parse_voice_list(line)]


@pytest.mark.parametrize(
    ("line", "name", "language", "description"),
    [
        ("Kyoko               ja_JP    # こんにちは!", "Kyoko", "ja-JP", "こんにちは!"),
        ("Kyoko (Enhanced)    ja_JP    # こんにちは!", "Kyoko (Enhanced)", "ja-JP", "こんにちは!"),
        ("Bad News            en_US    # The light", "Bad News", "en-US", "The light"),
        ("Eddy (日本語（日本）)       ja_JP    # 私", "Eddy (日本語（日本）)", "ja-JP", "私"),
        ("Grandma (Japanese (Japan)) ja_JP    # 私", "Grandma (Japanese (Japan))", "ja-JP", "私"),
        ("Krzysztof (Enhanced) pl_PL    # Witaj", "Krzysztof (Enhanced)", "pl-PL", "Witaj"),
        ("Majed               ar_001   # مرحبًا", "Majed", "ar-001", "مرحبًا"),
        ("Nannan (Enhanced)   wuu_CN   # 你好！", "Nannan (Enhanced)", "wuu-CN", "你好！"),
        ("Panpan              zh_CN_U_SD@sd=cnsc # 你好！", "Panpan", "zh-CN", "你好！"),
        ("Fiona               en-scotland # Hello", "Fiona", "en", "Hello"),
        ("Mónica              es_ES    # ¡Hola! # 1", "Mónica", "es-ES", "¡Hola! # 1"),
        ("Zoe Infovox iVox HQ nl_BE    #", "Zoe Infovox iVox HQ", "nl-BE", ""),
        ("Nora\tnb_NO\t# Hei\r", "Nora", "nb-NO", "Hei"),
        ("Twice en_US # a ja_JP # b", "Twice", "en-US", "a ja_JP # b"),
        ("Zamenhof            eo       # Saluton", "Zamenhof", "eo", "Saluton"),
        ("Hattori             ja       # こんにちは", "Hattori", "ja", "こんにちは"),
        ("Ona of Lo           lo_LA    # x", "Ona of Lo", "lo-LA", "x"),
        ("Shanshan            zh_Hans_CN # 你好！", "Shanshan", "zh-Hans-CN", "你好！"),
        ("Sin-ji              zh-Hant  # 你好！", "Sin-ji", "zh-Hant", "你好！"),
        ("Kyoko ja_JP # a\u2028b ja_JP # c", "Kyoko", "ja-JP", "a\u2028b ja_JP # c"),
        ("Kyoko ja_JP # a\x0bb ja_JP # c", "Kyoko", "ja-JP", "a\x0bb ja_JP # c"),
    ],
)
def test_a_line_of_the_list_is_a_voice(
    line: str, name: str, language: str, description: str
) -> None:
    assert _listing(line) == [(name, language, description)]


@pytest.mark.parametrize(
    "line", ["", "   ", "#", "ja_JP # x", "usage: say [-v voice]", "a word # b", "Kyoko ja_JP"]
)
def test_any_other_line_is_passed_over(line: str) -> None:
    assert _listing(line) == []


def test_the_voices_of_japan_tell_as_whose_they_are_heard() -> None:
    listing = "".join(f"{name}  ja_JP  # x\n" for name in ("Kyoko (Enhanced)", "Otoya", "Reed"))
    assert [each.gender for each in parse_voice_list(listing)] == ["female", "male", ""]


def test_a_voice_that_is_listed_twice_is_offered_once() -> None:
    assert _listing("Flo fr_CA # un\nFlo fr_CA # un\n") == [("Flo", "fr-CA", "un")]


@pytest.mark.usefixtures("mac")
def test_japanese_voices_come_first_and_kyoko_before_all() -> None:
    offered = [each.name for each in load_engine("say", Settings()).voices()]
    assert offered[:4] == [
        "Kyoko",
        "Kyoko (Enhanced)",
        "Eddy (日本語（日本）)",
        "Grandma (Japanese (Japan))",
    ]
    assert sorted(offered) == sorted(say_stand_in.VOICES)


def test_the_list_is_asked_for_once(mac: Mac) -> None:
    provider = load_engine("say", Settings())
    assert provider.problem() is None
    assert provider.voices() == provider.voices()
    assert [call["options"] for call in mac.calls()] == [{"-v": "?"}]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 0", "lists no voices, so it is not the say of macOS"),
        ("echo hello; echo hello >&2", "lists no voices"),
        (r"printf '\377\376\000 \033[2J ja_ \001 #\n'", "lists no voices"),
        ("echo broken >&2; exit 3", r"failed \(exit code 3\): broken: run it in a terminal"),
        ("kill -KILL $$", r"failed \(signal SIGKILL\)"),
        ("exec sleep 60", "listed no voices within 0.5 s: run it in a terminal"),
        ("sleep 2 & wait", "listed no voices within 0.5 s"),
    ],
)
def test_a_say_that_lists_no_voices_ends_the_run_in_words(
    mac: Mac, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    mac.script(script)
    monkeypatch.setattr(say, "_LIST_SECONDS", 0.5)
    assert re.search(message, load_engine("say", Settings()).problem() or "")


def test_an_executable_of_another_machine_ends_the_run_in_words(mac: Mac) -> None:
    mac.say.write_bytes(b"\x7fELF not for here")
    with pytest.raises(FatalError, match="cannot be started: Exec format error"):
        load_engine("say", Settings()).voices()


def test_without_a_japanese_voice_it_tells_where_to_get_one(mac: Mac) -> None:
    mac.script("echo 'Alex                en_US    # Hello'")
    assert "System Settings" in str(load_engine("say", Settings()).problem())
    assert load_engine("say", Settings(voice="Alex")).problem() is None


@pytest.mark.anyio
@pytest.mark.usefixtures("mac")
async def test_a_dictionary_is_refused_before_anything_is_begun() -> None:
    words = (DictionaryWord(surface="勇人", reading="ユウト"),)
    provider = load_engine("say", Settings(words=words))
    problem = "say does not support [[dictionary]]: remove it, or choose another engine"
    assert provider.problem() == problem
    with pytest.raises(FatalError, match=re.escape(problem)):
        async with provider.open(workers=1, timeout_seconds=60.0, words=words):
            pass


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("Linux", "say is part of macOS, but this is Linux: choose another engine"),
        ("Windows", "this is Windows"),
        ("Darwin", "macOS it is in /usr/bin"),
    ],
)
@pytest.mark.anyio
async def test_without_say_it_tells_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, message: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(platform, "system", lambda: system)
    provider = load_engine("say", Settings())
    assert message in str(provider.problem())
    with pytest.raises(FatalError, match=message):
        provider.voices()
    with pytest.raises(FatalError, match=message):
        async with provider.open(workers=1, timeout_seconds=60.0):
            pass


def test_the_engine_is_the_system_and_its_version() -> None:
    assert load_engine("say", Settings()).engine("Kyoko") in (
        f"say macos={platform.mac_ver()[0]}",
        "say macos=unknown",
    )
    assert load_engine("say", Settings()).accents("Kyoko") is False


@pytest.mark.anyio
@pytest.mark.usefixtures("mac")
async def test_it_speaks_words_kana_and_sentences() -> None:
    for form, speech in zip(FORMS, await _said(*FORMS), strict=True):
        assert speech.rate_hz == 22_050
        assert speech.samples.dtype == np.float32
        assert speech.samples.ndim == 1
        assert len(speech.samples) == int(0.05 * 22_050 * len(form.reading or form.text))
        assert 0.2 < np.abs(speech.samples).max() < 0.3
        assert speech.pronunciation is None


@pytest.mark.anyio
async def test_words_are_given_in_kana_and_running_text_as_it_is_spelled(mac: Mac) -> None:
    await _said(*FORMS)
    assert [call["text"] for call in mac.calls()] == [
        "たべる",
        "あく",
        "はし",
        "ハ",
        "コーヒー",
        "とうきょうたわー",
        "犬",
        "これは何ですか。",
        "明日は晴れます。",
        "「はい」、と言った！",
    ]


@pytest.mark.anyio
async def test_a_kana_that_could_be_a_particle_is_given_in_katakana(mac: Mac) -> None:
    await _said(SpokenForm(text="は", reading="ハ"), SpokenForm(text="は", reading="ワ"))
    assert [call["text"] for call in mac.calls()] == ["ハ", "わ"]


@pytest.mark.anyio
async def test_arguments_are_the_voice_the_file_and_its_format(mac: Mac) -> None:
    await _said(FORMS[0], voice=Voice(provider="say", name="Eddy (日本語（日本）)"))
    options = mac.calls()[0]["options"]
    assert Path(options.pop("-o")).is_relative_to(mac.temporary)
    assert options == {
        "-v": "Eddy (日本語（日本）)",
        "-f": "-",
        "--file-format": "WAVE",
        "--data-format": "LEI16@22050",
    }


@pytest.mark.anyio
async def test_a_rate_is_given_only_for_another_speed(mac: Mac) -> None:
    form, speeds = SpokenForm(text="あいうえおかきくけこ"), (1.0, 0.5, 1.25, 0.25, 4.0)
    speeches = [
        (await _said(form, voice=Voice(provider="say", name="Kyoko", speed=speed)))[0]
        for speed in speeds
    ]
    assert [call["options"].get("-r") for call in mac.calls()] == [None, "90", "225", "45", "720"]
    assert len(speeches[1].samples) == 2 * len(speeches[0].samples)


@pytest.mark.anyio
@pytest.mark.parametrize("speed", [0.0, -1.0, 0.2, 4.1, float("nan"), float("inf")])
async def test_a_speed_out_of_range_is_refused(mac: Mac, speed: float) -> None:
    with pytest.raises(ClipError, match=r"choose one from 0\.25 to 4"):
        await _said(FORMS[0], voice=Voice(provider="say", name="Kyoko", speed=speed))
    assert mac.calls() == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("犬[[slnc 5000]]猫", "犬 slnc 5000 猫"),
        ("［［rate 400］］犬", "rate 400 犬"),
        ("﹇﹇volm 0﹈﹈犬", "volm 0 犬"),
        ("[［volm 0]］犬", "volm 0 犬"),
        ("[[dlim ((( )))]]犬(((volm 0)))", "dlim ((( ))) 犬(((volm 0)))"),
        ("[[[[cmnt]]犬", "cmnt 犬"),
        ("[[inpt PHON]]犬", "inpt PHON 犬"),
        ("[\x00[slnc 5000]\n]犬", "slnc 5000 犬"),
        ("[\u200b[slnc 5000]\u200b]犬", "\u200b slnc 5000 \u200b 犬"),
        ("犬]]猫", "犬 猫"),
        ("\x1b\\pause=9000\\犬", "\\pause=9000\\犬"),
        ("犬\r\n猫\x00鳥\x85馬\u2028牛\ud800虫", "犬 猫 鳥 馬 牛 虫"),
        ("-v Alex", "-v Alex"),
        ("--output-file=/tmp/x", "--output-file=/tmp/x"),
        ("; rm -rf / #", "; rm -rf / #"),
        ("$(touch x) `touch x` 'x\" %s \\", "$(touch x) `touch x` 'x\" %s \\"),
        ("犬?", "犬?"),
        ("犬🐕", "犬🐕"),
    ],
)
async def test_nothing_in_a_text_is_a_command(mac: Mac, text: str, said: str) -> None:
    (speech,) = await _said(SpokenForm(text=text, sentence=True))
    (call,) = mac.calls()
    assert call["text"].strip() == said
    assert call["said"] == unicodedata.normalize("NFKC", call["text"])
    spoken = len("".join(call["said"].split()))
    assert len(speech.samples) / 22_050 == pytest.approx(0.05 * spoken, abs=0.001)


def test_no_character_that_is_left_becomes_a_bracket() -> None:
    from tts_assets.engines.say import _format_input

    left = _format_input(SpokenForm(text="".join(map(chr, range(0x110000)))))
    assert not set("[]\x00\x1b") & set(unicodedata.normalize("NFKC", left))


def test_the_stand_in_obeys_commands_that_reach_it() -> None:
    assert say_stand_in.said_of("犬[[slnc 5000]]猫") == ("犬猫", 0.05, 5.0)
    assert say_stand_in.said_of("［［rate 360］］犬")[:2] == ("犬", 0.025)
    assert say_stand_in.said_of("[[dlim << >>]]<<slnc 1000>>[[犬]]") == ("[[犬]]", 0.05, 1.0)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("失敗", r"say failed \(exit code 1\): Speech synthesis failed"),
        ("墜落", r"say failed \(signal SIGABRT\)"),
        ("無音", "say wrote no audio: the text may contain nothing"),
        ("空白", "say wrote no audio"),
        ("半分", r"say wrote 2227 of 4454 bytes of audio: the disk may be full"),
    ],
)
async def test_a_failure_is_its_clip_s_alone(mac: Mac, text: str, message: str) -> None:
    async with load_engine("say", Settings()).open(workers=1, timeout_seconds=60.0) as speaker:
        with pytest.raises(ClipError, match=message) as failed:
            await speaker.speak(SpokenForm(text=text), KYOKO)
        assert len(str(failed.value)) < 400
        assert "\n" not in str(failed.value)
        assert len((await speaker.speak(FORMS[0], KYOKO)).samples)
    assert list(mac.temporary.iterdir()) == []


@pytest.mark.anyio
@pytest.mark.usefixtures("mac")
async def test_a_voice_that_is_gone_is_named() -> None:
    with pytest.raises(ClipError, match="Voice `Otoya' not found"):
        await _said(FORMS[0], voice=Voice(provider="say", name="Otoya"))


@pytest.mark.anyio
async def test_what_is_no_sound_is_refused(mac: Mac) -> None:
    mac.script('while [ "$1" != -o ]; do shift; done; echo "<html>not a sound</html>" > "$2"')
    with pytest.raises(ClipError, match="no known audio format"):
        await _said(FORMS[0])


@pytest.mark.anyio
async def test_a_say_that_vanishes_ends_the_run(mac: Mac) -> None:
    async with load_engine("say", Settings()).open(workers=1, timeout_seconds=60.0) as speaker:
        await speaker.speak(FORMS[0], KYOKO)
        mac.say.unlink()
        with pytest.raises(FatalError, match="can no longer be started: No such file"):
            await speaker.speak(FORMS[0], KYOKO)


@pytest.mark.anyio
async def test_without_room_for_temporary_files_the_run_ends(mac: Mac) -> None:
    mac.temporary.rmdir()
    with pytest.raises(FatalError, match="no temporary folder can be created"):
        await _said(FORMS[0])


@pytest.mark.anyio
async def test_two_speak_at_once(mac: Mac) -> None:
    heard: list[Speech] = []

    async def one(speaker: Speaker, text: str) -> None:
        heard.append(await speaker.speak(SpokenForm(text=text), KYOKO))

    async with load_engine("say", Settings()).open(workers=2, timeout_seconds=60.0) as speaker:
        with anyio.fail_after(30.0):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(one, speaker, "相手")
                tasks.start_soon(one, speaker, "相手を待つ")
    assert sorted(len(speech.samples) for speech in heard) == [2205, 5512]
    assert len(mac.calls()) == 2


async def _hanging(mac: Mac) -> list[psutil.Process]:
    """The processes of a call that hangs, once it has started one of its own."""
    with anyio.fail_after(30.0):
        while True:
            found = psutil.Process().children(recursive=True)
            if mac.calls() and any(each.name() == "sleep" for each in found):
                return found
            await anyio.sleep(0.02)


@pytest.mark.anyio
async def test_a_call_that_is_given_up_leaves_no_process(mac: Mac) -> None:
    before = psutil.Process().children(recursive=True)
    async with load_engine("say", Settings()).open(workers=1, timeout_seconds=60.0) as speaker:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(speaker.speak, SpokenForm(text="眠る"), KYOKO)
            started = await _hanging(mac)
            tasks.cancel_scope.cancel()
        assert len(started) == len(before) + 2
        # Its own children are reaped by the system, and soon.
        _, alive = psutil.wait_procs([each for each in started if each not in before], timeout=30)
        assert alive == []
        assert psutil.Process().children(recursive=True) == before
        assert list(mac.temporary.rglob("*.wav")) == []
        assert len((await speaker.speak(FORMS[0], KYOKO)).samples)
    assert list(mac.temporary.iterdir()) == []


@pytest.mark.anyio
@pytest.mark.usefixtures("mac")
async def test_at_the_time_limit_the_slot_is_free_for_the_next() -> None:
    async with load_engine("say", Settings()).open(workers=1, timeout_seconds=1.0) as speaker:

        async def work(text: str) -> int:
            return len((await speaker.speak(SpokenForm(text=text), KYOKO)).samples)

        rules = FailureRules(failures=(TtsAssetsError,))
        async with Pool(work, limit=1, timeout=1.0, rules=rules) as pool:
            results = [result async for result in pool.run(["犬", "眠る", "猫"])]
    assert [result.value for result in results] == [1102, None, 1102]
    assert isinstance(results[1].error, TimeoutError)


@pytest.mark.anyio
async def test_nothing_reaches_the_output_of_the_run(
    mac: Mac, capfd: pytest.CaptureFixture[str]
) -> None:
    mac.script("echo out; echo err >&2; exit 1")
    with pytest.raises(ClipError):
        await _said(FORMS[0])
    say_stand_in.put_into(mac.say.parent)
    await _said(FORMS[0])
    assert capfd.readouterr() == ("", "")


@pytest.mark.anyio
@pytest.mark.usefixtures("mac")
async def test_the_work_begins_with_its_process() -> None:
    begun: list[str] = []
    async with load_engine("say", Settings()).open(workers=1, timeout_seconds=60.0) as speaker:
        await speaker.speak(FORMS[0], KYOKO, restart_timer=lambda: begun.append("begun"))
    assert begun == ["begun"]


@pytest.mark.anyio
@pytest.mark.usefixtures("mac")
async def test_equal_forms_give_equal_samples() -> None:
    one, other = await _said(FORMS[0], FORMS[0])
    assert one.samples.tobytes() == other.samples.tobytes()
