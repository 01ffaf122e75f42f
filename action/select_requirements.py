"""Print the requirements, with their hashes, of this project and some of its extras; for action.yml."""

import re
import sys
import tomllib
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VIA = re.compile(r"^    # (?:via)? *(\S+)", re.MULTILINE)


def select_requirements(folder: Path, extras: list[str]) -> str:
    """The part of constraints.txt that an installation needs, and what builds the project.

    Its comments name what needs each package, so no package index has to be asked.

    Raises:
        ValueError: an extra does not exist, or its packages have no hashes.
    """
    blocks = re.split(r"\n(?=\S)", (folder / "constraints.txt").read_text("utf-8"))
    table = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    project = table["project"]
    roots = [*table["build-system"]["requires"], *project["dependencies"]]
    every = project["optional-dependencies"]
    locked = {_name_in(block) for block in blocks}
    for extra in extras:
        if extra not in every:
            names = ", ".join(sorted(every.keys() - {"dev"}))
            raise ValueError(f"there is no extra {extra!r}; the extras are: {names}")
        for name in map(_name_in, every[extra]):
            if name not in locked:
                raise ValueError(
                    f"the action cannot install {name} of the extra {extra!r}: its version and hash "
                    "are not in constraints.txt"
                )
        roots += every[extra]
    left, found = {_name_in(root) for root in roots}, set[str]()
    while left:
        found |= left
        needed = {_name_in(each) for each in blocks if not left.isdisjoint(_needed_by(each))}
        left = needed - found
    # A package may stand there several times, for different versions of Python.
    return "\n".join(block for block in blocks if _name_in(block) in found) + "\n"


def _needed_by(block: str) -> set[str]:
    return {_name_in(name) for name in _VIA.findall(block)}


def _name_in(text: str) -> str:
    name = _NAME.match(text)
    return re.sub(r"[-_.]+", "-", name.group()).lower() if name else ""


if __name__ == "__main__":
    wanted = [each.strip() for each in sys.argv[1].split(",") if each.strip()]
    try:
        sys.stdout.write(select_requirements(Path(__file__).parent.parent, wanted))
    except ValueError as problem:
        sys.stderr.write(f"::error title=tts-assets::{problem}\n")
        sys.exit(2)
