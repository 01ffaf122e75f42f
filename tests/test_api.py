"""For programs: the same use case in a process that has a loop, handlers and a screen of its own."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

import tts_assets
from tests.plugin_engines import Narrow, Paid, Tones
from tts_assets import (
    ClipFailed,
    ClipMade,
    Settings,
    Started,
    Stop,
    UsageError,
    generate,
    generate_sync,
)
from tts_assets.build.plan.planner import State
from tts_assets.engines import registry


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setitem(registry._BUILT_IN, "tones", f"{Tones.__module__}:Tones")
    monkeypatch.setitem(registry._BUILT_IN, "narrow", f"{Narrow.__module__}:Narrow")
    monkeypatch.setitem(registry._BUILT_IN, "paid", f"{Paid.__module__}:Paid")
    words = tmp_path / "vocabulary.json"
    words.write_text('[{"id": 1, "word": "犬"}, {"id": 2, "word": "失敗"}, {"id": 3, "word": ""}]')
    return Settings(paths=(str(words),), provider="tones", output=str(tmp_path / "audio"))


def test_every_public_name_is_there() -> None:
    assert sorted(tts_assets.__all__) == tts_assets.__all__
    assert all(getattr(tts_assets, name) for name in tts_assets.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        tts_assets.nonsense  # noqa: B018


def test_the_synchronous_call_reports_what_was_done_and_prints_nothing(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    events: list[object] = []
    report = generate_sync(settings, on_event=events.append)
    assert (report.made, report.to_make, len(report.failures)) == (1, 2, 1)
    assert report.states[State.NEW] == 2
    assert [each.reason for each in report.unspoken] == ["the text is empty"]
    assert report.urls_written == 1
    assert isinstance(events[0], Started)
    assert {type(event) for event in events[1:]} == {ClipMade, ClipFailed}
    assert capfd.readouterr() == ("", "")


@pytest.mark.anyio
async def test_it_runs_inside_a_loop_and_stops_when_asked(settings: Settings) -> None:
    stop = Stop()
    words = Path(settings.paths[0])
    words.write_text(  # noqa: ASYNC240 - a few bytes
        "[" + ",".join(f'{{"id": {n}, "word": "遅い{n}"}}' for n in range(40)) + "]"
    )
    report = await generate(
        replace(settings, concurrency=2),
        stop=stop,
        on_event=lambda event: stop.request() if isinstance(event, ClipMade) else None,
    )
    assert report.stopped
    # Two clips are spoken and one waits in line; as many were taken before the first was told.
    assert 1 <= report.made <= 6
    assert report.urls_written == report.made


@pytest.mark.anyio
async def test_git_is_told_of_the_ledger_before_a_clip_is_in_it(settings: Settings) -> None:
    """A run that ends right after its last clip leaves nothing to come back for."""
    rules = Path(settings.output, ".gitattributes")
    there: list[bool] = []
    report = await generate(
        settings,
        on_event=lambda event: (
            there.append(rules.exists()) if isinstance(event, ClipMade) else None
        ),
    )
    assert (len(there), all(there)) == (report.made, True)
    assert report.made > 0


@pytest.mark.anyio
@pytest.mark.parametrize(("asked", "told"), [(5, True), (2, False), (None, False)])
async def test_an_engine_that_says_fewer_at_once_is_told_of(
    settings: Settings,
    asked: int | None,
    told: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    words = Path(settings.paths[0])
    words.write_text(  # noqa: ASYNC240 - a few bytes
        "[" + ",".join(f'{{"id": {n}, "word": "犬{n}"}}' for n in range(6)) + "]"
    )
    events: list[object] = []
    wanted = replace(settings, provider="narrow", concurrency=asked)
    report = await generate(wanted, on_event=events.append)
    (started,) = (event for event in events if isinstance(event, Started))
    assert (report.made, report.workers) == (6, started.workers)
    assert report.workers <= 2
    note = "concurrency limited to 2 (5 requested): narrow takes no more on this machine"
    assert (note in report.notes) is told


@pytest.mark.anyio
async def test_a_stop_asked_for_before_the_start_makes_nothing(settings: Settings) -> None:
    stop = Stop()
    stop.request()
    report = await generate(settings, stop=stop)
    assert (report.stopped, report.made) == (True, 0)


@pytest.mark.anyio
async def test_wrong_settings_raise_before_anything_is_touched(settings: Settings) -> None:
    with pytest.raises(UsageError, match="no voice 'nobody'"):
        await generate(replace(settings, voice="nobody"))
    assert not Path(settings.output).exists()  # noqa: ASYNC240 - a look


def test_inside_a_running_loop_the_synchronous_call_says_what_to_call(settings: Settings) -> None:
    async def run_in_a_notebook() -> None:
        with pytest.raises(UsageError, match="await generate"):
            generate_sync(settings)

    asyncio.run(run_in_a_notebook())


@pytest.mark.anyio
async def test_a_bug_is_not_swallowed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tts_assets.build.generate.clip.store", bug)
    with pytest.raises(ZeroDivisionError):
        await generate(settings)


@pytest.mark.anyio
async def test_an_engine_in_the_run_s_own_process_works_as_well(settings: Settings) -> None:
    report = await generate(replace(settings, provider="paid"))
    assert (report.made, len(report.failures)) == (1, 1)


def test_settings_are_loaded_as_the_command_line_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tts-assets.toml").write_text('voice = "mei-low"\nspeed = 0.9\n')
    monkeypatch.setenv("TTS_ASSETS_SPEED", "1.1")
    loaded = Settings.load(tmp_path, output_format="json", deep=True)
    assert (loaded.voice, loaded.speed, loaded.output_format, loaded.deep) == (
        "mei-low",
        1.1,
        "json",
        True,
    )
    assert Settings.load(tmp_path, only=["new"]).only == ("new",)
    with pytest.raises(UsageError, match="did you mean voice"):
        Settings.load(tmp_path, voce="mei")
