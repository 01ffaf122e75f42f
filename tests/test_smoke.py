"""Every benchmark and campaign runs: each as a process of its own, for seconds."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

#: What each prints, whatever it measures.
SCRIPTS = {
    "benchmarks/bucket_speed.py": "the time of obstore alone",
    "benchmarks/check_scale.py": "generate, with audio",
    "benchmarks/cluster_overhead.py": "100 clips",
    "benchmarks/engine_scaling.py": "clips/s",
    "benchmarks/guard_cost.py": "us a word",
    "benchmarks/joining.py": "peak MiB",
    "benchmarks/long_text.py": "bytes equal",
    "benchmarks/neural_speed.py": "assets at 1 workers: identical",
    "benchmarks/pool_overhead.py": "ratio",
    "benchmarks/service_overhead.py": "ours / bare",
    "campaigns/accents.py": "jf_alpha words",
    "campaigns/cluster.py": "0 of them stored",
    "campaigns/heard_accents.py": "wrong accents found",
    "campaigns/long_recording.py": "exit code 0",
    "campaigns/passages.py": "0 faults",
    "campaigns/pitch.py": "3 of 3 words",
    "campaigns/plan_memory.py": "0 differ",
    "campaigns/real_models.py": "2 workers: the same bytes",
    "campaigns/services.py": "alone",
    "campaigns/stops.py": "yes",
}


@pytest.mark.parametrize(("script", "printed"), SCRIPTS.items(), ids=list(SCRIPTS))
def test_a_script_runs(script: str, printed: str) -> None:
    command = [sys.executable, str(ROOT / script), "--smoke"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert printed in done.stdout
