"""A dialogue is heard in two voices, and its time line says when, right to 20 ms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import anyio
import numpy as np
import pytest

from tests.conftest import ROOT
from tts_assets import generate
from tts_assets.audio.codec import decode
from tts_assets.config.settings import Settings
from tts_assets.model import Cue

if TYPE_CHECKING:
    from tts_assets.model import Samples

DIALOGUE, *_ = json.loads((ROOT / "data" / "listening.json").read_text(encoding="utf-8"))
#: What silence may have in it behind a lossy codec, beside speech at -19 LUFS.
SILENT = 0.004
RIGHT_SECONDS = 0.020


class MadeDialogue(NamedTuple):
    """A dialogue as it was made."""

    samples: Samples
    rate_hz: int
    cues: list[Cue]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeDialogue:
    folder = tmp_path_factory.mktemp("dialogue")
    entry = {**DIALOGUE, "text": "\n".join(DIALOGUE["text"].split("\n")[:4]), "audioUrl": None}
    (folder / "listening.json").write_text(json.dumps([entry]))
    settings = Settings(
        paths=(str(folder / "listening.json"),),
        output=str(folder / "audio"),
        temp=str(folder / "temp"),
    )
    report = anyio.run(generate, settings)
    assert report.made == 1
    line = json.loads((folder / "audio" / "ledger.jsonl").read_bytes())
    samples, rate_hz = decode((folder / "audio" / line["asset"]).read_bytes())
    return MadeDialogue(samples, rate_hz, [Cue(*cue) for cue in line["cues"]])


def test_each_turn_has_the_name_and_the_words_of_its_speaker(made: MadeDialogue) -> None:
    assert [(cue.speaker, cue.text) for cue in made.cues] == [
        ("男", "すみません、ちょっとお聞きしたいんですが。"),
        ("女", "はい、どうぞ。"),
        ("男", "図書館へ行きたいんですが、この道で合っていますか。"),
        ("女", "いいえ、反対ですよ。あそこに信号が見えますね。"),
    ]


def test_the_time_line_is_right_to_20_ms(made: MadeDialogue) -> None:
    (sounding,) = np.nonzero(np.abs(made.samples) > SILENT)
    for cue in made.cues:
        inside = sounding[
            (sounding >= (cue.begin - 0.2) * made.rate_hz)
            & (sounding <= (cue.end + 0.2) * made.rate_hz)
        ]
        assert inside[0] / made.rate_hz == pytest.approx(cue.begin, abs=RIGHT_SECONDS)
        assert inside[-1] / made.rate_hz == pytest.approx(cue.end, abs=RIGHT_SECONDS)


def test_there_is_silence_between_turns(made: MadeDialogue) -> None:
    for before, after in zip(made.cues, made.cues[1:], strict=False):
        assert after.begin - before.end == pytest.approx(0.5, abs=0.001)
        begin, end = (round(at * made.rate_hz) for at in (before.end + 0.02, after.begin - 0.02))
        assert np.abs(made.samples[begin:end]).max() < SILENT


def test_the_two_voices_are_far_apart(made: MadeDialogue) -> None:
    pitches: dict[str, list[float]] = {"男": [], "女": []}
    for cue in made.cues:
        begin, end = (round(at * made.rate_hz) for at in (cue.begin, cue.end))
        pitches[cue.speaker].append(_pitch_hz(made.samples[begin:end], made.rate_hz))
    man, woman = (float(np.median(found)) for found in pitches.values())
    assert 12 * np.log2(woman / man) > 4


def _pitch_hz(samples: Samples, rate_hz: int) -> float:
    """The median pitch of what is voiced, by autocorrelation."""
    size, found = round(0.05 * rate_hz), []
    for start in range(0, samples.size - size, size):
        frame = samples[start : start + size] - samples[start : start + size].mean()
        if np.abs(frame).max() < 0.1:
            continue
        likeness = np.correlate(frame, frame, "full")[size - 1 :]
        low, high = rate_hz // 500, rate_hz // 70
        best = low + int(np.argmax(likeness[low:high]))
        if likeness[best] > 0.5 * likeness[0]:
            found.append(rate_hz / best)
    return float(np.median(found))
