"""The engine's process: it may hang, crash and die, and every other clip is still spoken."""

import gc
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

import anyio
import anyio.lowlevel
import psutil
import pytest
from anyio.abc import Process

from tts_assets.engines.process.supervisor import EngineHost, engine_host, run_child
from tts_assets.errors import ClipError, EngineCrashError, FatalError, TtsAssetsError
from tts_assets.model import DictionaryWord, Phrase, Sound, SpokenForm, Voice

pytestmark = pytest.mark.anyio

VOICE = Voice(provider="tones", name="sine")
ENGINE = "tests.plugin_engines:Engine"


@pytest.fixture
def anyio_backend() -> str:
    """On one backend: what differs between them is tested with the pool and the engines' contract."""
    return "asyncio"


async def _say(host: EngineHost, text: str, heard: dict[str, object]) -> None:
    try:
        speech = await host.speak(SpokenForm(text=text), VOICE)
        heard[text] = len(speech.samples)
    except TtsAssetsError as exc:
        heard[text] = exc


async def _say_all(texts: list[str], *, threads: int) -> dict[str, object]:
    heard: dict[str, object] = {}
    async with engine_host(ENGINE, threads=threads) as host, anyio.create_task_group() as tasks:
        for text in texts:
            tasks.start_soon(_say, host, text, heard)
    return heard


async def test_what_the_engine_says_arrives_unchanged() -> None:
    from tests.plugin_engines import Engine

    async with engine_host(ENGINE, threads=1) as host:
        speech = await host.speak(SpokenForm(text="犬"), VOICE)
    local = Engine().speak(SpokenForm(text="犬"), VOICE)
    assert speech.rate_hz == local.rate_hz
    assert speech.samples.tobytes() == local.samples.tobytes()


async def test_many_orders_at_once_get_their_own_answers() -> None:
    from tests.plugin_engines import Engine

    texts = [f"語{number}" for number in range(60)]
    async with engine_host(ENGINE, threads=4) as host:
        said: dict[str, bytes] = {}

        async def one(text: str) -> None:
            said[text] = (await host.speak(SpokenForm(text=text), VOICE)).samples.tobytes()

        async with anyio.create_task_group() as tasks:
            for text in texts:
                tasks.start_soon(one, text)
    expected = {t: Engine().speak(SpokenForm(text=t), VOICE).samples.tobytes() for t in texts}
    assert said == expected


async def test_a_failure_and_a_stranger_s_exception_are_errors_of_their_clip() -> None:
    heard = await _say_all(["失敗", "虫", "犬"], threads=2)
    assert str(heard["失敗"]) == "the engine was told to fail"
    assert str(heard["虫"]) == "RuntimeError: the engine has a bug"
    assert heard["犬"] == 4800


async def test_a_crash_is_blamed_on_the_clip_that_did_it_and_on_no_other() -> None:
    heard = await _say_all(["遅い1", "墜落", "遅い2", "犬", "猫"], threads=3)
    assert isinstance(heard.pop("墜落"), EngineCrashError)
    assert set(heard.values()) == {4800}


async def test_two_crashing_clips_are_both_found() -> None:
    heard = await _say_all(["墜落1", "墜落2", "犬", "遅い"], threads=4)
    assert isinstance(heard["墜落1"], EngineCrashError)
    assert "SIGABRT" in str(heard["墜落2"])
    assert (heard["犬"], heard["遅い"]) == (4800, 4800)


async def test_giving_up_a_hanging_clip_frees_its_thread_and_the_others_are_done_again() -> None:
    starts = 0

    def count() -> None:
        nonlocal starts
        starts += 1

    async with engine_host(ENGINE, threads=2) as host:
        heard: dict[str, object] = {}
        async with anyio.create_task_group() as tasks:

            async def victim() -> None:
                speech = await host.speak(SpokenForm(text="鈍い"), VOICE, restart_timer=count)
                heard["鈍い"] = len(speech.samples)

            await _say(host, "犬", heard)
            with anyio.move_on_after(0.5) as limit:
                tasks.start_soon(victim)
                await _say(host, "眠る", heard)
        assert limit.cancelled_caught
        await _say(host, "猫", heard)
    assert heard == {"犬": 4800, "鈍い": 4800, "猫": 4800}
    assert starts == 2


async def test_a_process_that_is_stuck_is_ended_and_only_the_guilty_clip_fails() -> None:
    heard: dict[str, object] = {}
    async with (
        engine_host(ENGINE, threads=3, silence_seconds=0.8) as host,
        anyio.create_task_group() as tasks,
    ):
        for text in ("遅い1", "固まる", "遅い2", "犬"):
            tasks.start_soon(_say, host, text, heard)
    assert "not respond for 0.8 s" in str(heard.pop("固まる"))
    assert set(heard.values()) == {4800}


async def test_a_hang_does_not_outlive_the_host() -> None:
    begun = time.monotonic()
    with anyio.move_on_after(1.0):
        await _say_all(["固まる"], threads=1)
    assert time.monotonic() - begun < 10


async def test_an_engine_that_cannot_be_loaded_ends_the_run_with_its_reason() -> None:
    async with engine_host("tests.plugin_engines:Unloadable", threads=1) as host:
        with pytest.raises(FatalError, match=r"FileNotFoundError: model\.onnx is missing"):
            await host.speak(SpokenForm(text="犬"), VOICE)
        with pytest.raises(FatalError, match="model"):
            await host.speak(SpokenForm(text="猫"), VOICE)


async def test_an_engine_that_dies_while_loading_ends_the_run_with_its_last_words() -> None:
    async with engine_host("tests.plugin_engines:dies_at_once", threads=1) as host:
        with pytest.raises(FatalError, match=r"while starting \(signal SIGABRT\): .*instruction"):
            await host.speak(SpokenForm(text="犬"), VOICE)


async def test_errors_of_the_block_come_out_as_they_are() -> None:
    with pytest.raises(ClipError, match="mine"):
        async with engine_host(ENGINE, threads=1):
            raise ClipError("mine")


async def test_a_clip_that_crashes_alone_is_not_tried_again(engine_log: Path) -> None:
    await _say_all(["犬", "猫"], threads=2)
    await _say_all(["墜落"], threads=2)
    spoken = engine_log.read_text()  # noqa: ASYNC240 - a few bytes
    assert sorted(spoken.split()) == ["墜落", "犬", "猫"]


def test_no_engine_outlives_a_run_that_was_killed(tmp_path: Path) -> None:
    script = (
        "import anyio\n"
        "from tests.plugin_engines import Tones\n"
        "from tts_assets.model import SpokenForm, Voice\n"
        "from tts_assets.config.settings import Settings\n"
        "async def main():\n"
        "    async with Tones(Settings()).open(workers=1, timeout_seconds=60.0) as host:\n"
        "        voice = Voice(provider='tones', name='sine')\n"
        "        await host.speak(SpokenForm(text='犬'), voice)\n"
        "        print(host._process.pid, flush=True)\n"
        "        await host.speak(SpokenForm(text='眠る'), voice)\n"
        "anyio.run(main)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE)
    assert run.stdout is not None
    engine = psutil.Process(int(run.stdout.readline()))
    run.kill()
    run.wait()
    run.stdout.close()
    gone, _ = psutil.wait_procs([engine], timeout=5)
    assert gone == [engine]


async def test_what_an_engine_has_started_ends_with_it() -> None:
    started: list[psutil.Process] = []
    async with engine_host(ENGINE, threads=1) as host:
        await host.speak(SpokenForm(text="犬"), VOICE)
        assert host._process is not None
        engine = psutil.Process(host._process.pid)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(host.speak, SpokenForm(text="子"), VOICE)
            with anyio.fail_after(30.0):
                while not started:
                    await anyio.sleep(0.02)
                    started = engine.children()
            tasks.cancel_scope.cancel()
    gone, alive = psutil.wait_procs(started, timeout=30)
    assert (len(gone), alive) == (1, [])


async def test_readings_arrive_in_order_and_errors_stay_with_their_form() -> None:
    texts = [*(f"語{number}" for number in range(600)), "失敗", "虫", "犬"]
    async with engine_host(ENGINE, threads=3) as host:
        found = await host.read_forms([SpokenForm(text=text) for text in texts])
    said = [each if isinstance(each, str) else each.phrases[0].kana for each in found]
    assert said == [
        *texts[:600],
        "the engine was told to fail",
        "RuntimeError: the engine has a bug",
        "犬",
    ]


async def test_a_crash_while_reading_is_blamed_on_the_form_that_did_it() -> None:
    texts = ["犬", "墜落", "猫", "鳥"]
    async with engine_host(ENGINE, threads=2) as host:
        found = await host.read_forms([SpokenForm(text=text) for text in texts])
    assert [isinstance(each, str) for each in found] == [False, True, False, False]
    assert "the engine crashed on this clip (signal SIGABRT)" in str(found[1])


async def test_reading_and_speaking_go_on_side_by_side() -> None:
    heard: dict[str, object] = {}
    async with engine_host(ENGINE, threads=2) as host, anyio.create_task_group() as tasks:
        tasks.start_soon(_say, host, "遅い", heard)
        found = await host.read_forms([SpokenForm(text="犬")])
    assert heard == {"遅い": 4800}
    assert not isinstance(found[0], str)


async def test_reading_nothing_needs_no_process() -> None:
    async with engine_host(ENGINE, threads=1) as host:
        assert await host.read_forms([]) == []


async def test_an_engine_that_cannot_read_says_so() -> None:
    async with engine_host("tests.plugin_engines:Mute", threads=1) as host:
        assert await host.read_forms([SpokenForm(text="犬")]) == [
            "this engine cannot tell how it reads"
        ]


async def test_an_engine_that_only_reads_has_no_voice() -> None:
    async with engine_host("tts_assets.japanese.reading_resolver:FormReader", threads=1) as host:
        with pytest.raises(ClipError, match="has no voice"):
            await host.speak(SpokenForm(text="犬"), VOICE)


async def test_readings_end_with_an_engine_that_cannot_be_loaded() -> None:
    async with engine_host("tests.plugin_engines:Unloadable", threads=1) as host:
        with pytest.raises(FatalError, match=r"model\.onnx is missing"):
            await host.read_forms([SpokenForm(text="犬")] * 600)


async def test_speech_and_recording_tell_how_they_were_said() -> None:
    async with engine_host(ENGINE, threads=1) as host:
        speech = await host.speak(SpokenForm(text="犬", reading="イヌ", accent=2), VOICE)
        recording = await host.record(SpokenForm(text="犬", reading="イヌ"), VOICE, Sound())
    assert speech.pronunciation is not None
    assert speech.pronunciation.phrases == (Phrase(kana="イヌ", accent=2),)
    assert recording.pronunciation is not None
    assert recording.pronunciation.phrases == (Phrase(kana="イヌ", accent=0),)


async def test_words_are_learned_again_after_every_start(engine_log: Path) -> None:
    words = (DictionaryWord(surface="犬", reading="イヌ"),)
    async with engine_host(ENGINE, threads=1, words=words) as host:
        with pytest.raises(EngineCrashError):
            await host.speak(SpokenForm(text="墜落"), VOICE)
        await host.speak(SpokenForm(text="猫"), VOICE)
    logged = engine_log.read_text().splitlines()  # noqa: ASYNC240 - a few bytes
    assert logged == ["learned 犬", "墜落", "learned 犬", "猫"]


async def test_words_for_an_engine_that_learns_none_are_an_error() -> None:
    words = (DictionaryWord(surface="犬", reading="イヌ"),)
    async with engine_host("tests.plugin_engines:Mute", threads=1, words=words) as host:
        with pytest.raises(FatalError, match=r"does not support"):
            await host.speak(SpokenForm(text="犬"), VOICE)


def _open_program_for_writing(folder: Path) -> tuple[Path, IO[bytes]]:
    """A program that Linux does not start until the file is closed."""
    program = folder / "program"
    program.write_bytes(Path(sys.executable).resolve().read_bytes())
    program.chmod(0o755)
    return program, program.open("ab")


async def test_a_process_that_cannot_be_started_for_a_moment_is_started_again(
    tmp_path: Path,
) -> None:
    program, being_written = _open_program_for_writing(tmp_path)

    async def close_soon() -> None:
        await anyio.sleep(0.05)
        being_written.close()

    pipe = subprocess.PIPE
    with tempfile.TemporaryFile() as log:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(close_soon)
            command = [str(program), "-c", ""]
            async with run_child(command, stdin=pipe, stdout=pipe, stderr=log) as process:
                assert await process.wait() == 0


async def _send_until_it_breaks(process: Process) -> None:
    assert process.stdin is not None
    while True:
        await process.stdin.send(bytes(100_000))


async def test_a_process_that_dies_while_it_is_sent_something_leaves_no_error_behind() -> None:
    """Early versions of Python 3.11 log a broken pipe; in this test, such a log is an error."""
    command = [sys.executable, "-S", "-c", "import os, sys; sys.stdin.buffer.read(4); os._exit(3)"]
    pipe = subprocess.PIPE
    with tempfile.TemporaryFile() as log:
        async with run_child(command, stdin=pipe, stdout=pipe, stderr=log) as process:
            with pytest.raises(anyio.BrokenResourceError):
                await _send_until_it_breaks(process)
        assert process.returncode == 3
    del process
    gc.collect()
    await anyio.lowlevel.checkpoint()
