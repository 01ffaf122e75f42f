"""Makes the pictures of the documentation from real runs; a test says when they are out of date.

    python docs/make_pictures.py

The terminal is recorded in the middle of a run over the sample data, and drawn as SVG; the review page of that run is
opened in Chromium. `docs/pictures/sources.json` records the hashes of the files that draw either.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PICTURES = ROOT / "docs/pictures"
#: What draws the review page, and the progress of a run.
SOURCES = (
    "tts_assets/review/web/review/*",
    "tts_assets/cli/output/progress_view.py",
)
_COLUMNS, _ROWS = 88, 24
#: The share of the clips at which the terminal is drawn.
_MOMENT = 0.6


def hash_sources() -> dict[str, str]:
    """The SHA-256 of each file that the pictures show the work of, by its path in the repository."""
    files = sorted(path for pattern in SOURCES for path in ROOT.glob(pattern) if path.is_file())
    return {
        path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def main() -> None:
    """Make both pictures, and record what they were made from."""
    import pyte

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "lessons"  # The page's title.
        shutil.copytree(ROOT / "data", folder / "data")
        screen = pyte.Screen(_COLUMNS, _ROWS)
        stream = pyte.ByteStream(screen)
        words = ["generate", "--type", "vocabulary"]
        stream.feed(f"$ tts-assets {' '.join(words)}\r\n".encode())
        _run_in_terminal(folder, words, screen, stream)
        _photograph_page(folder)
    (PICTURES / "sources.json").write_text(json.dumps(hash_sources(), indent=2) + "\n", "utf-8")


def _run_in_terminal(folder: Path, words: list[str], screen: object, stream: object) -> None:
    """Run a command on a pseudo-terminal to its end, and draw the screen in its middle."""
    main_end, other_end = pty.openpty()
    fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "tts_assets", *words],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
    )
    os.close(other_end)
    drawn = False
    while True:
        ready, _, _ = select.select([main_end], [], [], 0.2)
        if not ready:
            if process.poll() is not None:
                break
            continue
        try:
            data = os.read(main_end, 65536)
        except OSError:  # Linux ends a pseudo-terminal so.
            break
        if not data:
            break
        stream.feed(data)  # type: ignore[attr-defined]
        counts = re.findall(r"(\d+)/(\d+)", "\n".join(screen.display))  # type: ignore[attr-defined]
        if not drawn and counts and int(counts[-1][0]) >= _MOMENT * int(counts[-1][1]):
            _draw(screen)
            drawn = True
    os.close(main_end)
    if process.wait() != 0 or not drawn:
        raise SystemExit("the run failed or was over before it could be drawn")


def _draw(screen: object) -> None:
    """The lines of the screen that are in use, with their colours, as SVG."""
    from rich.console import Console
    from rich.text import Text

    used = [number for number, line in enumerate(screen.display) if line.strip()]  # type: ignore[attr-defined]
    console = Console(record=True, width=_COLUMNS, file=Path(os.devnull).open("w"))  # noqa: SIM115
    for number in range(used[-1] + 1):
        text = Text()
        cells = screen.buffer[number]  # type: ignore[attr-defined]
        for column in range(_COLUMNS):
            cell = cells[column]
            text.append(cell.data, _style(cell))
        text.rstrip()
        console.print(text, soft_wrap=True)
    svg = console.export_svg(title="tts-assets", unique_id="run")
    # The font would come from another host.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    (PICTURES / "run.svg").write_text(svg, "utf-8")


def _style(cell: object) -> str:
    colour = cell.fg  # type: ignore[attr-defined]
    if re.fullmatch("[0-9a-f]{6}", colour):
        colour = f"#{colour}"
    parts = [{"brown": "yellow"}.get(colour, colour).replace("bright", "bright_")]
    return " ".join(([] if colour == "default" else parts) + (["bold"] if cell.bold else []))  # type: ignore[attr-defined]


def _photograph_page(folder: Path) -> None:
    """Export the review page, select 橋, and photograph it."""
    from tests.browser import opening

    subprocess.run(
        [sys.executable, "-m", "tts_assets", "review", "--export", "page", "--type", "vocabulary"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    with opening.chromium() as browser:
        page = browser.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme="light"
        ).new_page()
        page.goto((folder / "page/index.html").as_uri() + "?q=橋")
        page.wait_for_timeout(1000)
        page.screenshot(path=PICTURES / "review.png")


if __name__ == "__main__":
    main()
