"""GitHub's own actions, as folders of this machine: what they do with a checkout, files and artifacts."""

import glob
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple


class StepPlace(NamedTuple):
    """Where a job runs, and what all jobs of a repository share."""

    workspace: Path
    #: Programs that come before all others.
    programs: Path
    #: The bare repository.
    origin: Path
    #: The commit and the branch that the run is about.
    commit: str
    branch: str
    artifacts: Path
    caches: Path


def checkout(inputs: Mapping[str, str], place: StepPlace) -> None:
    """The commit of the run; with ``fetch-depth: 0`` the history of all branches, else nothing more."""
    _git(place, "init", "--quiet", ".")
    _git(place, "remote", "add", "origin", str(place.origin))
    if inputs.get("fetch-depth") == "0":
        _git(place, "fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
    else:
        _git(place, "fetch", "--quiet", "--depth=1", "origin", place.commit)
    _git(place, "checkout", "--quiet", "-B", place.branch, place.commit)


def setup_python(inputs: Mapping[str, str], place: StepPlace) -> None:
    """The Python of this process in place of the one that is asked for."""
    assert inputs["python-version"]
    (place.programs / "python").unlink(missing_ok=True)
    (place.programs / "python").symlink_to(sys.executable)


def restore_cache(inputs: Mapping[str, str], place: StepPlace) -> None:
    """The cache of that key, or the newest one whose key begins as is asked for."""
    newest_first = sorted(
        place.caches.glob("*"), key=lambda each: each.stat().st_mtime_ns, reverse=True
    )
    wanted = (inputs["key"], *inputs.get("restore-keys", "").split())
    for start in wanted:
        for cache in newest_first:
            if cache.name == start or (start != wanted[0] and cache.name.startswith(start)):
                shutil.copytree(cache, place.workspace, dirs_exist_ok=True)
                return


def save_cache(inputs: Mapping[str, str], place: StepPlace) -> None:
    """A cache is never changed: what is there under that key stays."""
    cache = place.caches / inputs["key"]
    if not cache.exists():
        shutil.copytree(place.workspace / inputs["path"], cache / inputs["path"])


def upload_artifact(inputs: Mapping[str, str], place: StepPlace) -> None:
    """Files under the paths that are given, seen from the folder that all these have in common.

    As in the action (``src/shared/search.ts``): a path with a star is searched from the folder
    before it, hidden files are left out, and without a second path that folder is the root.
    """
    patterns = inputs["path"].split()
    searched = [_before_the_star(place.workspace / pattern) for pattern in patterns]
    root = Path(os.path.commonpath(searched))
    artifact = place.artifacts / inputs["name"]
    if artifact.exists():
        assert inputs.get("overwrite") == "true", f"there is an artifact {inputs['name']}"
        shutil.rmtree(artifact)
    for pattern in patterns:
        for found in sorted(glob.glob(str(place.workspace / pattern))):  # noqa: PTH207 - no hidden ones
            for file in (Path(found), *Path(found).rglob("*")):
                seen = file.relative_to(root)
                if file.is_file() and not any(part.startswith(".") for part in seen.parts):
                    assert not set(str(seen)) & set('":<>|*?\r\n'), f"no artifact may hold {seen}"
                    (artifact / seen).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, artifact / seen)


def download_artifacts(inputs: Mapping[str, str], place: StepPlace) -> None:
    """All artifacts whose names match, laid over one another in the workspace."""
    assert inputs["merge-multiple"] == "true"
    for artifact in sorted(place.artifacts.glob(inputs["pattern"])):
        shutil.copytree(artifact, place.workspace, dirs_exist_ok=True)


def hash_files(place: StepPlace, pattern: str) -> str:
    """One hash for all files that match, or nothing where none does."""
    files = sorted(file for file in place.workspace.glob(pattern) if file.is_file())
    hashes = b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)
    return hashlib.sha256(hashes).hexdigest() if files else ""


def _before_the_star(path: Path) -> Path:
    parts = path.parts
    return Path(*parts[: next(i for i, part in enumerate((*parts, "*")) if "*" in part)])


def _git(place: StepPlace, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=place.workspace, check=True)


#: By the names under which workflows use them, without their versions.
ACTIONS: dict[str, Callable[[Mapping[str, str], StepPlace], None]] = {
    "actions/cache/restore": restore_cache,
    "actions/cache/save": save_cache,
    "actions/checkout": checkout,
    "actions/download-artifact": download_artifacts,
    "actions/setup-python": setup_python,
    "actions/upload-artifact": upload_artifact,
}
