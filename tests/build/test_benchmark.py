"""A bench with an engine of tones: its figures, and that it keeps nothing."""

import json
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from tests.paid import PricedEngine
from tests.plugin_engines import Narrow, Paid, Tones
from tts_assets.build.benchmark import BenchmarkRun, BenchMeasurement, BenchReport, run_benchmark
from tts_assets.cli import bench_command
from tts_assets.cli.exit_code import ExitCode
from tts_assets.config.settings import OutputFormat, Progress, Settings
from tts_assets.engines import registry
from tts_assets.errors import ClipError, UsageError

ONE_ROUND = BenchmarkRun(workers=(1, 2), clips=2, seconds=0)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    for engine in (Tones, Narrow, Paid, PricedEngine):
        monkeypatch.setitem(
            registry._BUILT_IN, engine.name, f"{engine.__module__}:{engine.__name__}"
        )
    _write("一番", "二番", "三番")
    # It speaks in this process: nothing has to be started.
    return Settings(provider="paid", progress=Progress.NONE)


def _write(*words: str) -> None:
    entries = [{"id": number, "word": word} for number, word in enumerate(words)]
    Path("data").mkdir(exist_ok=True)
    Path("data/vocabulary.json").write_text(json.dumps(entries))


def _bench(settings: Settings, trial: BenchmarkRun = ONE_ROUND) -> BenchReport:
    return anyio.run(run_benchmark, settings, trial)


def test_two_workers_are_faster_where_each_has_to_wait(settings: Settings) -> None:
    _write("遅い犬", "遅い猫")
    report = _bench(replace(settings, provider="tones"))
    one, two = report.rows
    assert two.speed_up > 1.4
    assert report.recommended == 2
    assert min(one.peak_mib, two.peak_mib) > 10


def test_nothing_is_stored_and_no_url_is_written(settings: Settings) -> None:
    before = Path("data/vocabulary.json").read_bytes()
    report = _bench(settings)
    assert (report.clips, report.rounds, report.failed) == (2, 1, 0)
    assert report.audio_seconds > 0
    assert [str(path) for path in Path().rglob("*") if path.is_file()] == ["data/vocabulary.json"]
    assert Path("data/vocabulary.json").read_bytes() == before


def test_rounds_go_there_and_back_for_as_long_as_there_is_time(settings: Settings) -> None:
    seen: list[int] = []

    def tell(workers: int, measured: BenchMeasurement) -> None:
        assert measured.clips == 1
        seen.append(workers)

    trial = replace(ONE_ROUND, clips=1, seconds=1000)
    report = anyio.run(lambda: run_benchmark(settings, trial, on_measured=tell))
    assert report.rounds == 5
    assert seen == [1, 2, 2, 1, 1, 2, 2, 1, 1, 2]


def test_without_a_number_there_are_as_many_clips_as_there_is_time_for(settings: Settings) -> None:
    report = _bench(settings, BenchmarkRun(workers=(1,), seconds=0))
    assert report.clips == 4


def test_an_engine_of_few_workers_is_measured_with_those(settings: Settings) -> None:
    report = _bench(
        replace(settings, provider="narrow"), BenchmarkRun(workers=(1, 3, 4), clips=1, seconds=0)
    )
    assert [row.workers for row in report.rows] == [1, 2]
    assert report.notes == ("narrow uses at most 2 workers on this machine",)


def test_clips_that_fail_are_counted_and_not_measured(settings: Settings) -> None:
    _write("失敗", "犬")
    report = _bench(settings)
    assert (report.clips, report.failed) == (1, 1)


def test_an_engine_that_makes_nothing_ends_the_bench(settings: Settings) -> None:
    _write("失敗")
    with pytest.raises(
        ClipError, match="paid can generate none of the clips: `generate` shows why"
    ):
        _bench(settings)


def test_an_engine_that_charges_is_refused_unless_asked_for(settings: Settings) -> None:
    priced = replace(settings, provider="priced")
    with pytest.raises(UsageError, match="priced charges for each clip"):
        _bench(priced)
    assert _bench(priced, replace(ONE_ROUND, paid=True)).clips == 2


@pytest.mark.parametrize("workers", ["", "0", "1,x", "1,,2", "257"])
def test_numbers_of_workers_that_cannot_be_are_told(settings: Settings, workers: str) -> None:
    with pytest.raises(UsageError, match=r"--workers is '.*integers from 1 to 256"):
        bench_command.run_bench(settings, workers=workers, clips=1, seconds=0, paid=False)


def test_people_get_a_table_and_what_it_comes_to(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = replace(settings, progress=Progress.LINES)
    assert (
        bench_command.run_bench(shown, workers="1", clips=2, seconds=0, paid=False) is ExitCode.OK
    )
    out, err = capsys.readouterr()
    assert out.split("\n")[0].split() == [
        *("workers", "clips/s", "audio", "s/s", "speed-up", "efficiency", "memory"),
    ]
    assert "measured  paid/sine with 2 clips of" in out
    assert "best      --concurrency 1 (auto takes" in out
    assert err.startswith("1 worker: 2 clips in 0.")


def test_programs_get_json(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    shown = replace(settings, output_format=OutputFormat.JSON)
    bench_command.run_bench(shown, workers="1", clips=2, seconds=0, paid=False)
    told = json.loads(capsys.readouterr().out)
    assert (told["provider"], told["clips"], told["recommended"]) == ("paid", 2, 1)
    assert told["rows"][0].keys() == {
        *("workers", "clips_per_second", "audio_per_second"),
        *("speed_up", "efficiency", "peak_mib"),
    }


def test_without_clips_there_is_nothing_to_measure(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    _write()
    code = bench_command.run_bench(settings, workers=None, clips=None, seconds=0, paid=False)
    assert code is ExitCode.NOTHING
    assert capsys.readouterr().out == ""
