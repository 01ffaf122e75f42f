"""Stands in for GitHub's command line: takes just the words that it knows, and keeps pull requests.

The bare repository is ``$STAND_IN_ORIGIN``; pull requests are lines of ``pulls.jsonl`` beside it.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

_ORIGIN = Path(os.environ["STAND_IN_ORIGIN"])
_PULLS = _ORIGIN.with_name("pulls.jsonl")
_OF_THIS_REPOSITORY = ".[] | select(.isCrossRepository | not) | .headRefOid"


def main() -> None:
    """One command; 2 for words that the real one would not take, or that nobody expects."""
    if not os.environ.get("GH_TOKEN"):
        sys.exit("gh: set the GH_TOKEN environment variable")
    parser = argparse.ArgumentParser(prog="gh", allow_abbrev=False)
    commands = parser.add_subparsers(required=True)
    pr = commands.add_parser("pr").add_subparsers(required=True)
    listing = pr.add_parser("list")
    listing.set_defaults(run=_list)
    for name in ("--base", "--head"):
        listing.add_argument(name, required=True)
    listing.add_argument("--state", required=True, choices=["open"])
    listing.add_argument("--json", required=True, choices=["headRefOid,isCrossRepository"])
    listing.add_argument("--jq", required=True, choices=[_OF_THIS_REPOSITORY])
    creating = pr.add_parser("create")
    creating.set_defaults(run=_create)
    for name in ("--base", "--head", "--title", "--body"):
        creating.add_argument(name, required=True)
    setting_up = commands.add_parser("auth").add_subparsers(required=True).add_parser("setup-git")
    setting_up.set_defaults(run=lambda _: None)
    options = parser.parse_args()
    options.run(options)


def _list(options: argparse.Namespace) -> None:
    for pull in _open():
        if (pull["base"], pull["head"]) == (options.base, options.head):
            print(_commit(options.head))


def _create(options: argparse.Namespace) -> None:
    assert _commit(options.base)
    assert _commit(options.head)
    if any((pull["base"], pull["head"]) == (options.base, options.head) for pull in _open()):
        sys.exit(f"gh: a pull request for {options.head} already exists")
    names = ("base", "head", "title", "body")
    pull = {**{name: getattr(options, name) for name in names}, "state": "open"}
    with _PULLS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(pull) + "\n")


def _open() -> list[dict[str, str]]:
    lines = _PULLS.read_text("utf-8").splitlines() if _PULLS.exists() else []
    return [pull for pull in map(json.loads, lines) if pull["state"] == "open"]


def _commit(branch: str) -> str:
    asked = ["git", "-C", str(_ORIGIN), "rev-parse", "--verify", f"refs/heads/{branch}"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
