"""Somebody who changes the content of a repository, and merges its pull requests."""

import json
import subprocess
from collections.abc import Iterable, Mapping

from tests.ci.workflow_jobs import WorkflowRepository

BRANCH = "tts-assets/speech-for-main"
#: What keeps audio files out of git, as the guide says.
IGNORED = "/audio/*\n!/audio/ledger.jsonl\n!/audio/failures.jsonl\n!/audio/decisions.jsonl\n!/audio/.gitattributes\n"


class Author:
    """Has a clone; all that is done there goes to main."""

    def __init__(self, repository: WorkflowRepository, files: Mapping[str, str]) -> None:
        """Begin with these files, by their names."""
        self.repository = repository
        self.folder = repository.folder / "author"
        self.folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", str(repository.origin))
        self.push(files)

    def git(self, *arguments: str) -> str:
        """What git answers in the clone."""
        identity = ("-c", "user.name=Author", "-c", "user.email=author@example.com")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def push(self, files: Mapping[str, str]) -> None:
        """Write files, and push them to main."""
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Content")
        self.git("push", "--quiet", "origin", "HEAD:main")

    def push_words(self, words: Iterable[str], into: str = "data/vocabulary.json") -> None:
        """Add words at the end of a catalogue."""
        path = self.folder / into
        entries = json.loads(path.read_bytes()) if path.exists() else []
        entries += [
            {"id": f"new-{number}", "word": word} for number, word in enumerate(words, len(entries))
        ]
        self.push({into: json.dumps(entries, ensure_ascii=False, indent=2) + "\n"})

    def pulls(self) -> list[dict[str, str]]:
        """All pull requests that there were."""
        file = self.repository.folder / "pulls.jsonl"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]

    def merge(self) -> None:
        """Merge the open pull request, and delete its branch, as GitHub does."""
        pulls = [{**pull, "state": "merged"} for pull in self.pulls()]
        self.git("fetch", "--quiet", "origin")
        self.git("merge", "--quiet", "--no-edit", f"origin/{BRANCH}")
        self.git("push", "--quiet", "origin", "HEAD:main", f":{BRANCH}")
        (self.repository.folder / "pulls.jsonl").write_text(
            "".join(json.dumps(pull) + "\n" for pull in pulls), encoding="utf-8"
        )
