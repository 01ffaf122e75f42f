"""Speech recognition on a sample: what is heard is compared in kana, and what is missing is told."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import anyio
import pytest

from tests import whisper_model
from tests.quality.conftest import MadeClips, rules
from tests.quality.ears import HEARD, Deaf, Ears
from tts_assets import Settings
from tts_assets.audio.codec import read_mono_blocks
from tts_assets.config.command_options import Sample, TranscribeSettings, VerifySettings
from tts_assets.engines.asr import recognizer_protocol
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ
from tts_assets.errors import ClipError, FatalError, UsageError
from tts_assets.quality.quality_reports import RECOGNITION, VerifyReport
from tts_assets.quality.recognition_check import TextComparison, compare_in_kana
from tts_assets.store import ledger_line


@pytest.fixture(autouse=True)
def _ears(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for each in (Ears, Deaf):
        monkeypatch.setitem(
            recognizer_protocol._BUILT_IN, each.name, f"{each.__module__}:{each.__name__}"
        )
    HEARD.clear()
    yield
    HEARD.clear()


class Case(NamedTuple):
    """What was to be said, how it was spelled, what was heard, and the share of wrong morae."""

    said: str
    text: str
    heard: str
    error: float


CASES = (
    *(Case("ハシ↓", "橋", heard, 0) for heard in ("箸", "はし", "ハシ。", "端!", " 橋 ")),
    Case("ガッコー", "学校", "ガッコ", 1 / 4),
    Case("ガッコー", "学校", "学生です", 5 / 4),
    Case("ネ↓コ", "猫", "", 1),
    Case("ネ↓コ", "猫", "♪～", 1),
    Case("ネ↓コ", "猫", "\ud800", 1),
    # Numbers are heard as they are said.
    Case("サンニンデ↓ス", "三人です", "3人です。", 0),
    # One spelling, two readings: who listens writes both alike.
    Case("アス", "明日", "明日。", 0),
    # The engine did not tell: the dictionary reads what was to be said, too.
    Case("", "橋", "箸", 0),
    Case("", "橋", "リンゴ", 3 / 2),
    Case("ワタシワ/ガクセーデ↓ス", "私は学生です", "わたし は がくせい です。", 0),
    Case("ネ↓コ、イヌ↓。", "猫。犬。", "猫。犬!", 0),
)


@pytest.fixture(scope="module")
def compared() -> dict[Case, TextComparison]:
    """All cases, read by one dictionary."""
    lines = [_line(str(number), case) for number, case in enumerate(CASES)]
    texts = {str(number): case.heard for number, case in enumerate(CASES)}
    found = anyio.run(compare_in_kana, lines, texts, Settings())
    return {case: found[str(number)] for number, case in enumerate(CASES)}


def _line(asset: str, case: Case) -> ledger_line.Line:
    return ledger_line.Line(
        asset=asset,
        recipe="0",
        text=case.text,
        reading=None,
        spoken=case.said,
        voice="openjtalk/mei",
        speed=1.0,
        engine="",
        sha256="",
        bytes=0,
        seconds=0.0,
        lufs=0.0,
        peak_dbtp=0.0,
    )


@pytest.mark.parametrize("case", CASES)
def test_what_is_heard_is_compared_as_it_sounds(
    case: Case, compared: dict[Case, TextComparison]
) -> None:
    assert compared[case].error == case.error


def _hears(made: MadeClips, **texts: str | Exception) -> None:
    """What is heard in the clips of entries; in all others, what is right."""
    right: dict[str, str | Exception] = {"cat": "猫", "school": "学校", "bridge": "橋"}
    for entry, text in (right | texts).items():
        HEARD[sum(block.size for block in read_mono_blocks(made.file(entry), RATE_HZ))] = text


def _look(made: MadeClips, recognizer: str = "ears", **told: Any) -> VerifyReport:
    verify = VerifySettings(**({"sample": Sample(percent=100)} | told))
    return made.look(verify=verify, transcribe=TranscribeSettings(recognizer=recognizer))


def test_clips_that_are_heard_as_they_should_have_no_verdict(made: MadeClips) -> None:
    _hears(made)
    report = _look(made)
    assert (report.verdicts, report.recognized, report.error_rate) == ((), 3, 0)


def test_another_word_is_told_with_what_was_heard(made: MadeClips) -> None:
    _hears(made, school="学生です")
    (verdict,) = _look(made).verdicts
    assert (verdict.asset, verdict.text, rules(verdict)) == (
        made.asset("school"), "学校", {RECOGNITION}
    )  # fmt: skip
    (finding,) = verdict.findings
    assert finding.message == "speech recognition recognized ガクセーデス instead of ガッコー"
    assert finding.measured == "125% of its morae are wrong"
    assert finding.limit == "34% (verify.cer)"


def test_one_mora_in_three_may_be_misheard_and_another_bound_can_be_given(made: MadeClips) -> None:
    _hears(made, school="ガッコ", cat="")
    report = _look(made)
    assert [each.text for each in report.verdicts] == ["猫"]
    assert (
        report.verdicts[0].findings[0].message
        == "speech recognition recognized nothing instead of ネコ"
    )
    assert report.error_rate == pytest.approx((1 / 4 + 1) / 3)
    assert len(_look(made, cer=0.2).verdicts) == 2


def test_only_the_sample_is_listened_to(made: MadeClips) -> None:
    _hears(made, cat="犬", school="犬", bridge="犬")
    report = _look(made, sample=Sample(count=1))
    assert (report.recognized, len(report.verdicts), report.checked) == (1, 1, 3)
    assert report.verdicts == _look(made, sample=Sample(percent=1)).verdicts


def test_a_recognizer_has_the_time_that_it_has_in_transcribe(made: MadeClips) -> None:
    _hears(made)
    _look(made)
    assert Ears.patience == TranscribeSettings().chunk_timeout_seconds
    made.look(
        verify=VerifySettings(sample=Sample(count=1)),
        transcribe=TranscribeSettings(recognizer="ears"),
        timeout_seconds=900.0,
    )
    assert Ears.patience == 900


def test_without_a_sample_nobody_listens(made: MadeClips) -> None:
    report = _look(made, recognizer="deaf", sample=None)
    assert (report.recognized, report.error_rate, report.fatal) == (0, None, None)


def test_a_clip_that_cannot_be_heard_is_noted(made: MadeClips) -> None:
    _hears(made, cat=ClipError("it is odd"))
    report = _look(made)
    assert report.notes == (f"{made.asset('cat')} could not be recognized: it is odd",)
    assert (report.verdicts, report.recognized) == ((), 2)


def test_a_missing_model_is_told_with_all_that_was_measured(made: MadeClips) -> None:
    made.file("cat").unlink()
    report = _look(made, recognizer="deaf")
    assert report.fatal == "deaf: its model is not here: fetch it"
    assert (len(report.verdicts), report.checked, report.recognized) == (1, 2, 0)


def test_a_recognizer_that_breaks_down_ends_the_listening_alone(made: MadeClips) -> None:
    _hears(made, cat=FatalError("it is gone"), school=FatalError("it is gone"))
    report = _look(made, sample=Sample(percent=100))
    assert (report.fatal, report.checked) == ("it is gone", 3)


def test_a_recognizer_of_another_name_is_an_error_before_anything(made: MadeClips) -> None:
    with pytest.raises(UsageError, match="there is no recognizer 'eers'; did you mean ears"):
        _look(made, recognizer="eers")


def test_a_file_that_is_gone_is_not_listened_to(made: MadeClips) -> None:
    _hears(made)
    made.file("cat").unlink()
    report = _look(made)
    assert (report.recognized, report.notes) == (2, ())


def test_a_real_whisper_listens_and_says_the_same_each_time(
    made: MadeClips, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its model is tiny and hears nothing right: what counts is that all of it is asked and told."""
    model = str(whisper_model.build(tmp_path_factory.mktemp("whisper")))
    looked = [
        made.look(
            verify=VerifySettings(sample=Sample(percent=100), cer=0.0),
            transcribe=TranscribeSettings(model=model),
            concurrency=workers,
        )
        for workers in (1, 2)
    ]
    assert [report.recognized for report in looked] == [3, 3]
    assert looked[0].verdicts == looked[1].verdicts
    assert looked[0].error_rate == looked[1].error_rate
    assert {RECOGNITION} == set().union(*map(rules, looked[0].verdicts))
