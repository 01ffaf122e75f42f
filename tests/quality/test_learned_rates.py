"""An unknown voice is held against what it takes for its other clips."""

from pathlib import Path

import pytest

from tests.audio.test_speaking_rates import lines
from tests.quality.conftest import MadeClips, rules
from tts_assets.store import ledger_line


@pytest.mark.parametrize(("pace", "found"), [(3.0, {"short"}), (0.6, set())])
def test_a_clip_that_is_short_for_its_voice_is_found(
    pace: float, found: set[str], made: MadeClips
) -> None:
    made.change_line("school", voice="a/anna", engine="a=1")
    path = Path("audio", ledger_line.LEDGER_NAME)
    others = b"".join(map(ledger_line.encode, lines(pace=pace)))
    path.write_bytes(others + path.read_bytes())
    report = made.look(paths=(f"audio/{made.asset('school')}",))
    assert {rule for verdict in report.verdicts for rule in rules(verdict)} == found
