"""`generate` as people type it: a real process, real files, an engine that breaks when told to."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

from tests.conftest import Project


def test_a_catalogue_speaks_and_its_urls_are_written_back(project: Project) -> None:
    project.words("犬", "猫", "犬")
    done = project.generate()
    assert done.returncode == 0, done.stderr
    urls = project.urls()
    assert urls[0] == urls[2] != urls[1]
    for url in urls:
        path = project.folder / str(url).removeprefix("/")
        assert soundfile.info(path).format == "MP3"
    assert "generated 2 clips" in done.stdout
    assert "Credit: a sine" in done.stdout


def test_a_second_run_calls_no_engine_and_changes_no_byte(
    project: Project, engine_log: Path
) -> None:
    project.words("犬", "猫")
    project.environment["TEST_ENGINE_LOG"] = str(engine_log)
    project.generate()
    path = project.folder / "data/vocabulary.json"
    before = project.assets(), path.read_bytes(), path.stat().st_mtime_ns
    spoken = engine_log.read_text()
    done = project.generate()
    assert done.returncode == 0
    assert "everything is up to date" in done.stdout
    assert engine_log.read_text() == spoken
    assert (project.assets(), path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_failure_is_forgotten_once_its_entry_is_gone(project: Project) -> None:
    project.words("犬", "失敗")
    assert project.generate().returncode == 1
    assert (project.folder / "audio/failures.jsonl").exists()
    project.write("data/vocabulary.json", project.read()[:1])
    assert project.generate().returncode == 0
    assert not (project.folder / "audio/failures.jsonl").exists()


def test_urls_are_written_even_when_nothing_is_made(project: Project) -> None:
    project.words("犬")
    project.generate("--no-update-json")
    assert project.urls() == [None]
    done = project.generate()
    assert "generated 0 clips" in done.stdout
    assert str(project.urls()[0]).startswith("/audio/vocabulary/")


@pytest.mark.parametrize(
    "reasons",
    [
        {
            "失敗": "the engine was told to fail",
            "虫": "RuntimeError: the engine has a bug",
            "無音": "0 samples",
        },
        {"眠る": "after 3 s"},
        {"固まる": "not respond for 1 s and was terminated"},
        {"墜落": "the engine crashed on this clip (signal SIGABRT)"},
    ],
    ids=" ".join,
)
def test_bad_clips_spoil_no_others(project: Project, reasons: dict[str, str]) -> None:
    project.words("犬", "猫", *reasons, "鳥", "魚", "馬")
    done = project.generate("--timeout", "3", "--concurrency", "2", "--output-format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert report["made"] == 5
    assert [(failed["file"], failed["entry"], failed["text"]) for failed in report["failed"]] == [
        ("data/vocabulary.json", str(number), bad) for number, bad in enumerate(reasons, 3)
    ]
    for failed in report["failed"]:
        assert reasons[failed["text"]] in failed["reason"]
    bad = [url is None for url in project.urls()]
    assert bad == [False, False, *(True for _ in reasons), False, False, False]


def test_dry_run_touches_nothing_and_says_what_and_why(project: Project) -> None:
    path = project.words("犬", "猫")
    before = path.read_bytes(), path.stat().st_mtime_ns
    done = project.generate("--dry-run")
    assert done.returncode == 0
    assert "to make   2 clips; dry run, nothing was changed" in done.stdout
    assert "vocabulary 1 word 犬" in done.stdout
    assert "not generated yet" in done.stdout
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [each.name for each in project.folder.iterdir()] == ["data"]


def test_force_remakes_the_same_bytes(project: Project) -> None:
    project.words("犬", "猫")
    project.generate(PYTHONHASHSEED="1")
    before = project.assets()
    done = project.generate("--force", PYTHONHASHSEED="2")
    assert "generated 2 clips" in done.stdout
    assert project.assets() == before


def test_type_selects_kinds(project: Project) -> None:
    project.words("犬")
    project.write("data/kanji.json", [{"id": 1, "kanji": "水", "onyomi": ["スイ"]}])
    project.generate("--type", "kanji")
    folders = {name.split("/")[0] for name in project.assets() if "/" in name}
    assert folders == {"kanji"}
    assert project.urls() == [None]
    assert project.read("data/kanji.json")[0]["onyomiAudio"][0].startswith("/audio/kanji/")


def test_max_failures_ends_the_run_and_keeps_what_is_done(project: Project) -> None:
    project.words("秋田犬の仲間", *[f"失敗{number}" for number in range(20)], "猫")
    done = project.generate("--max-failures", "3", "--concurrency", "1")
    assert done.returncode == 1
    assert "failed    3" in done.stdout
    assert "stopped   fix what failed, then run the same command again" in done.stdout
    assert project.urls()[0] is not None


def test_each_failure_is_printed_once_with_its_line(project: Project) -> None:
    project.words("秋田犬", "失敗", "失敗", "猫")
    done = project.generate()
    expected = "failed: data/vocabulary.json:6: vocabulary 2 word 失敗: the engine was told to fail"
    assert (done.stdout + done.stderr).count("the engine was told to fail") == 1
    assert f"{expected} (and 1 other entry)\n" in done.stderr


def test_a_start_that_fails_prints_its_error_once_and_no_figures(project: Project) -> None:
    project.words("課金", "猫")
    done = project.run("generate", "-p", "paid", "-j", "1")
    assert done.returncode == 4
    assert (done.stdout + done.stderr).count("the quota is spent") == 1
    assert done.stdout.startswith("ended     early: fix the error, then run the same command")
    assert len(done.stdout.splitlines()) == 1


def test_a_limit_that_leaves_everything_is_to_be_raised(project: Project) -> None:
    project.words("秋田犬", "猫")
    done = project.generate("--max-clips", "0")
    assert "left      2 clips for another run, because of max-clips = 0; raise that limit" in (
        done.stdout
    )


def test_a_spent_quota_ends_the_run_with_4_and_the_next_run_makes_only_the_rest(
    project: Project, engine_log: Path
) -> None:
    project.environment["TEST_ENGINE_LOG"] = str(engine_log)
    project.words("秋田犬", "課金", "猫")
    done = project.run("generate", "-p", "paid", "-j", "1")
    assert done.returncode == 4
    assert done.stderr.count("error: the quota is spent") == 1
    assert "ended     early: fix the error, then run the same command again" in done.stdout
    assert [url is None for url in project.urls()] == [False, True, True]
    project.words("秋田犬", "鳥", "猫")
    assert project.run("generate", "-p", "paid").returncode == 0
    assert sorted(engine_log.read_text().split()) == ["猫", "秋田犬", "鳥"]


def test_a_long_text_has_a_time_limit_for_each_hundred_characters(project: Project) -> None:
    project.words("鈍い", "鈍い" + "犬" * 100)
    done = project.generate("-j", "1", "--timeout", "0.7")
    assert done.returncode == 1
    assert "failed    1" in done.stdout
    assert "after 0.7 s; to change the limit, set --timeout" in done.stderr


def test_the_longest_are_begun_first(project: Project, engine_log: Path) -> None:
    project.environment["TEST_ENGINE_LOG"] = str(engine_log)
    project.words("犬", "秋田犬", "小犬")
    assert project.generate("-j", "1").returncode == 0
    assert engine_log.read_text().split() == ["秋田犬", "小犬", "犬"]


def test_an_exception_of_a_plug_in_is_a_failure_of_its_clip(project: Project) -> None:
    project.words("犬", "例外")
    done = project.run("generate", "-p", "paid")
    assert done.returncode == 1
    assert "the engine failed with ValueError: an exception of a stranger" in done.stderr


@pytest.mark.parametrize(
    ("sound_format", "container", "subtype"),
    [
        ("mp3", "MP3", "MPEG_LAYER_III"),
        ("opus", "OGG", "OPUS"),
        ("ogg", "OGG", "VORBIS"),
        ("flac", "FLAC", "PCM_16"),
        ("wav", "WAV", "PCM_16"),
    ],
)
def test_the_bytes_are_what_the_extension_says(
    project: Project, sound_format: str, container: str, subtype: str
) -> None:
    project.words("犬")
    project.generate("--format", sound_format)
    (asset,) = [data for name, data in project.assets().items() if name.endswith(sound_format)]
    info = soundfile.info(io.BytesIO(asset))
    assert (info.format, info.subtype, info.channels) == (container, subtype, 1)
    assert info.samplerate == 24_000


def test_a_changed_voice_is_a_new_clip_with_a_new_url(project: Project) -> None:
    project.words("犬")
    project.generate()
    before = project.urls()
    done = project.generate("--voice", "other", "--dry-run")
    assert "(voice tones/sine -> tones/other)" in done.stdout
    project.generate("--voice", "other")
    assert project.urls() != before


def test_an_emptied_or_shortened_file_is_made_again(project: Project) -> None:
    project.words("犬", "猫")
    project.generate()
    before = project.assets()
    assets = sorted((project.folder / "audio/vocabulary").iterdir())
    assets[0].write_bytes(b"")
    assets[1].write_bytes(assets[1].read_bytes()[:100])
    assert "generated 2 clips" in project.generate().stdout
    assert project.assets() == before


def test_somebody_s_recording_is_kept(project: Project) -> None:
    project.write(
        "data/vocabulary.json",
        [{"id": 1, "word": "犬", "audioUrl": "https://teacher.example/inu.mp3"}],
    )
    done = project.generate("--force")
    assert "1 recording kept" in done.stdout
    assert project.urls() == ["https://teacher.example/inu.mp3"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_the_first_signal_finishes_what_is_in_flight_and_writes_back(
    project: Project, number: signal.Signals, code: int
) -> None:
    project.words(*[f"遅い{n}" for n in range(200)])
    process = project.start("--concurrency", "2", "--progress", "none")
    _until(lambda: len(list(project.folder.glob("audio/vocabulary/*.mp3"))) >= 2)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    made = {f"/audio/vocabulary/{each.name}" for each in project.folder.glob("audio/vocabulary/*")}
    assert {url for url in project.urls() if url} == made
    assert f"generated {len(made)} clips" in out
    _nothing_half_made(project)


def test_the_second_signal_ends_at_once_and_leaves_nothing_half_made(
    project: Project, engine_log: Path
) -> None:
    project.environment["TEST_ENGINE_LOG"] = str(engine_log)
    words = ["犬", "遅い", "固まる", *[f"遅い{n}" for n in range(50)]]
    before = project.words(*words).read_bytes()
    process = project.start("--concurrency", "2", "--progress", "none")
    _until(lambda: engine_log.exists() and "固まる" in engine_log.read_text())
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - begun < 10
    assert (project.folder / "data/vocabulary.json").read_bytes() == before
    _nothing_half_made(project)


def test_two_runs_at_once_make_each_clip_once_and_lose_no_url(
    project: Project, engine_log: Path
) -> None:
    project.environment["TEST_ENGINE_LOG"] = str(engine_log)
    words = [f"語{number}" for number in range(40)]
    project.words(*words)
    processes = [project.start("--progress", "none") for _ in range(2)]
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert sorted(engine_log.read_text().split()) == sorted(words)
    assert None not in project.urls()
    assert "everything is up to date" in project.generate().stdout


def test_a_killed_run_is_taken_up_where_it_was(project: Project, engine_log: Path) -> None:
    project.environment["TEST_ENGINE_LOG"] = str(engine_log)
    words = [f"遅い{number}" for number in range(12)]
    project.words(*words)
    process = project.start("--concurrency", "2", "--progress", "none")
    _until(lambda: len(list(project.folder.glob("audio/vocabulary/*.mp3"))) >= 4)
    process.kill()
    process.communicate()
    there = len(list(project.folder.glob("audio/vocabulary/*.mp3")))
    done = project.generate()
    assert f"generated {12 - there} clips" in done.stdout
    resumed = project.assets()
    _nothing_half_made(project)
    undisturbed = Project(project.folder.parent / "other", project.folder.parent / "plug-ins")
    undisturbed.words(*words)
    undisturbed.generate()
    assert undisturbed.assets() == resumed


def test_a_disk_that_takes_no_more_ends_the_run_with_4_and_no_damage(project: Project) -> None:
    path = project.words(*[f"語{number}" for number in range(10)])
    before = path.read_bytes()
    done = _generate_with_files_of_at_most(project, blocks=2)
    assert done.returncode == 4, done.stderr
    assert "File too large" in done.stdout + done.stderr
    assert json.loads(path.read_bytes()) == json.loads(before)
    _nothing_half_made(project)
    assert "failed    0" in project.generate().stdout
    assert None not in project.urls()


def test_a_crash_at_high_concurrency_costs_no_healthy_clip_its_time(project: Project) -> None:
    project.words("墜落", *[f"鈍い{number}" for number in range(6)], "犬", "猫")
    done = project.generate("-j", "7", "--timeout", "4", "--output-format", "json")
    report = json.loads(done.stdout)
    assert [failed["text"] for failed in report["failed"]] == ["墜落"]
    assert report["made"] == 8


def test_failures_are_told_in_the_order_of_the_catalogue(project: Project) -> None:
    project.words("犬", "眠る", "失敗")
    done = project.generate("-j", "3", "--timeout", "2", "--output-format", "json")
    assert [failed["text"] for failed in json.loads(done.stdout)["failed"]] == ["眠る", "失敗"]


def test_ctrl_c_ends_the_waiting_for_another_run(project: Project) -> None:
    project.words(*[f"鈍い{number}" for number in range(12)])
    first = project.start("-j", "1", "--progress", "none")
    _until(lambda: list(project.folder.glob("audio/vocabulary/*.mp3")))
    second = project.start("--progress", "lines")
    assert second.stderr is not None
    assert "waiting for it to end" in second.stderr.readline()
    begun = time.monotonic()
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=30)
    assert (second.returncode, first.poll()) == (130, None)
    assert time.monotonic() - begun < 5
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=30)


def test_a_run_whose_output_nobody_reads_still_writes_back(project: Project) -> None:
    project.words(*[f"語{number}" for number in range(5)], "失敗")
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        project.command("generate", "-p", "tones", "--progress", "lines"),
        cwd=project.folder,
        env=project.environment,
        stdout=write,
        stderr=write,
    )
    os.close(write)
    assert process.wait(30) == 141
    assert project.urls().count(None) == 1


def test_urls_of_what_is_there_are_written_even_if_nothing_more_can_be_stored(
    project: Project,
) -> None:
    project.words("犬")
    project.generate("--no-update-json")
    project.words("犬", "猫")
    (project.folder / "audio/.tts-assets.lock").mkdir()
    done = project.generate("--output-format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 4
    assert "cannot lock audio" in report["fatal"]
    assert "cannot lock audio" in done.stderr
    assert [url is None for url in project.urls()] == [False, True]


def test_an_engine_that_cannot_be_started_ends_the_run_with_4(project: Project) -> None:
    project.words("犬")
    # What a run writes before it needs its engine is there.
    (project.folder / "audio").mkdir()
    (project.folder / "audio/.gitattributes").write_text("ledger.jsonl merge=union\n")
    done = _generate_with_files_of_at_most(project, blocks=0)
    assert done.returncode == 4, done.stderr
    assert "could not be started" in done.stderr


def test_strange_things_in_the_output_folder_are_no_assets(project: Project) -> None:
    project.words("犬", "猫")
    project.generate()
    assets = project.folder / "audio/vocabulary"
    for number in range(5):
        (assets / f"0-{number}").symlink_to("nowhere")
        (assets / f"z-{number}").symlink_to("nowhere")
    assert "everything is up to date" in project.generate().stdout
    first = next(path for path in assets.iterdir() if path.suffix == ".mp3")
    first.unlink()
    first.mkdir()
    project.words("犬", "猫", "鳥")
    done = project.generate()
    # Only the clip whose place is taken fails, before it is spoken.
    assert done.returncode == 1
    assert f"{first.name} is a folder: move it away" in done.stderr
    assert "generated 1 clip" in done.stdout


def test_a_new_url_template_changes_our_urls_and_no_other(project: Project) -> None:
    project.write(
        "data/vocabulary.json",
        [
            {"id": 1, "word": "犬"},
            {"id": 2, "word": "猫", "audioUrl": "https://x.example/neko.mp3"},
        ],
    )
    project.generate()
    done = project.generate(TTS_ASSETS_URL="https://cdn.example/{kind}/{recipe}.{ext}")
    assert "generated 0 clips" in done.stdout
    urls = project.urls()
    assert str(urls[0]).startswith("https://cdn.example/vocabulary/")
    assert urls[1] == "https://x.example/neko.mp3"


def test_one_entry_that_takes_no_url_keeps_it_from_no_other(project: Project) -> None:
    path = project.words("犬", "猫", "鳥")
    path.write_text(
        path.read_text().replace('"word": "猫"', '"word": "猫", "audioUrl": null, "audioUrl": null')
    )
    done = project.generate()
    assert done.returncode == 2
    assert "vocabulary.json:" in done.stderr
    assert "entry 2" in done.stderr
    assert [url is None for url in project.urls()] == [False, True, False]


def test_a_run_needs_no_signals(project: Project) -> None:
    """Event loops of Windows take none."""
    project.words("犬")
    without = (
        "import asyncio; from tts_assets.__main__ import main\n"
        "def refuse(*_): raise NotImplementedError\n"
        "asyncio.SelectorEventLoop.add_signal_handler = refuse\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", without, "generate", "-p", "tones"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert project.urls() != [None]


def _generate_with_files_of_at_most(
    project: Project, *, blocks: int
) -> subprocess.CompletedProcess[str]:
    """A run that cannot write more than so many blocks into any one file."""
    limited = ["bash", "-c", f'ulimit -f {blocks}; exec "$@"', "-"]
    return subprocess.run(
        [*limited, *project.command("generate", "-p", "tones")],
        cwd=project.folder,
        # A module that is first loaded here would be cut, too, and break every later import.
        env=project.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def _nothing_half_made(project: Project) -> None:
    json.loads((project.folder / "data/vocabulary.json").read_bytes())
    for path in project.folder.glob("audio/*/*"):
        assert path.suffix == ".mp3"
        assert soundfile.info(path).frames > 0
    for root, _, names in os.walk(project.folder):
        assert not [name for name in names if name.startswith(".tts-assets")], root
