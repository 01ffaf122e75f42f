"""What changed in catalogues since a revision, in real repositories of git."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tts_assets.catalogues.catalogue_reader import CatalogueReader
from tts_assets.catalogues.git import GitRevision
from tts_assets.catalogues.open_catalogues import parse_catalogue
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.errors import UsageError
from tts_assets.model import Kind

DOG = {"id": 1, "word": "犬", "reading": "いぬ", "meaning": "dog"}
CAT = {"id": 2, "word": "猫", "reading": "ねこ", "meaning": "cat"}
BIRD = {"id": 3, "word": "鳥", "reading": "とり", "meaning": "bird"}


class Repository:
    """A folder under git, with one catalogue of two words in its first commit."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self) -> None:
        self.root.mkdir()
        self.git("init", "-q", "-b", "main", "--template=")
        self.write("vocabulary.json", [DOG, CAT])
        self.commit()

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, name: str, entries: object) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(entries, ensure_ascii=False, indent=2), encoding="utf-8")
        return path

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a change")


@pytest.fixture(autouse=True, scope="module")
def _own_settings() -> Iterator[None]:
    """Git behaves alike for everybody who runs this."""
    with pytest.MonkeyPatch.context() as patch:
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "A. Tester")
            patch.setenv(f"GIT_{who}_EMAIL", "tester@example.org")
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        # Or a submodule could not be cloned from a folder.
        patch.setenv("GIT_ALLOW_PROTOCOL", "file")
        yield


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("repositories") / "first")
    made.begin()
    return made


@pytest.fixture
def repository(made_once: Repository, tmp_path: Path) -> Repository:
    shutil.copytree(made_once.root, tmp_path / "work")
    return Repository(tmp_path / "work")


def _reader(path: Path) -> CatalogueReader:
    source = BUILT_IN[Kind.VOCABULARY]
    return CatalogueReader(parse_catalogue(path.read_bytes(), str(path), source), source)


def _changed(path: Path, name: str = "HEAD") -> set[str]:
    with GitRevision(name) as revision:
        return set(revision.find_changed_entries(_reader(path)))


def test_nothing_changed_where_the_bytes_are_the_same(repository: Repository) -> None:
    assert _changed(repository.root / "vocabulary.json") == set()


@pytest.mark.parametrize(
    ("entries", "changed"),
    [
        ([DOG | {"word": "狼", "reading": "おおかみ"}, CAT], {"1"}),
        ([DOG, CAT | {"reading": "びょう"}], {"2"}),
        ([DOG, CAT, BIRD], {"3"}),
        ([CAT, DOG], set()),
        ([CAT], set()),
        ([BIRD, DOG, CAT], {"3"}),
        ([DOG | {"meaning": "hound"}, CAT], set()),
        ([DOG | {"audioUrl": "/audio/vocabulary/x.mp3"}, CAT], set()),
        ([dict(reversed(DOG.items())), CAT], set()),
        ([DOG | {"accent": 2}, CAT], {"1"}),
        ([DOG | {"id": 7}, CAT], {"7"}),
    ],
)
def test_entries_that_say_something_else_changed_and_no_others(
    repository: Repository, entries: object, changed: set[str]
) -> None:
    assert _changed(repository.write("vocabulary.json", entries)) == changed


def test_every_entry_of_a_new_file_changed(repository: Repository) -> None:
    assert _changed(repository.write("more/vocabulary.json", [DOG, BIRD])) == {"1", "3"}


@pytest.mark.parametrize("new", ["words.json", "a folder/vocabulary.json"])
def test_a_file_that_was_moved_changed_only_where_its_entries_did(
    repository: Repository, new: str
) -> None:
    (repository.root / "vocabulary.json").unlink()
    assert _changed(repository.write(new, [DOG, CAT, BIRD])) == {"3"}


def test_a_file_that_was_split_did_not_change(repository: Repository) -> None:
    (repository.root / "vocabulary.json").unlink()
    repository.write("notes.json", {"of": "something else"})
    with GitRevision("HEAD") as revision:
        one = revision.find_changed_entries(_reader(repository.write("one.json", [DOG])))
        other = revision.find_changed_entries(_reader(repository.write("other.json", [CAT])))
    assert (one, other) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    "name",
    ["語彙 と 空白.json", "-p.json", "a blob 3.json", "missing", "tab\there.json", "x\ny.json"],
)
def test_names_of_any_kind_are_found(repository: Repository, name: str) -> None:
    path = repository.write(name, [DOG])
    repository.commit()
    repository.write(name, [DOG, CAT])
    with GitRevision("HEAD") as revision:
        # Nobody can ask git for a name with a line break: all of such a file counts as new.
        assert revision.find_changed_entries(_reader(path)) == (
            {"1", "2"} if "\n" in name else {"2"}
        )
        assert not revision.find_changed_entries(_reader(repository.root / "vocabulary.json"))


def test_a_revision_may_be_anything_that_names_a_commit(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.git("tag", "-m", "a tag", "v1")
    path = repository.write("vocabulary.json", [DOG, CAT, BIRD])
    repository.commit()
    repository.git("commit", "-q", "--allow-empty", "-m", "found by its words")
    for name in ("HEAD~2", first, first[:8], "v1", "main~2", "@^^"):
        assert _changed(path, name) == {"3"}
    for name in ("main", ":/found by", "HEAD^{/found}"):
        assert _changed(path, name) == set()


@pytest.mark.parametrize("name", ["", " ", "--output=x", "-p", "--all", "HEAD\0", "\0", "^HEAD"])
def test_what_can_be_no_revision_never_reaches_git(name: str) -> None:
    with pytest.raises(UsageError, match="is not a valid revision: name a commit"):
        GitRevision(name)


@pytest.mark.parametrize(
    "name",
    ["nonsense", "HEAD~99", "HEAD\n--help", "HEAD:vocabulary.json", "HEAD..HEAD", "a; touch x",
     "HEAD^{tree}", "HEAD^@", "HEAD@{99}", ":/nobody wrote this", ":vocabulary.json", "日本", "\udcff", "$(touch x)", "HEAD" * 2000],
)  # fmt: skip
def test_a_revision_that_git_does_not_know_is_told(repository: Repository, name: str) -> None:
    with pytest.raises(UsageError) as refused:
        _changed(repository.root / "vocabulary.json", name)
    assert f"--since {name!r}: git finds no such commit in {repository.root}" in str(refused.value)
    assert "git fetch" in str(refused.value)
    assert sorted(path.name for path in repository.root.iterdir()) == [".git", "vocabulary.json"]


def test_in_a_shallow_clone_it_is_told_how_to_get_the_rest(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("vocabulary.json", [DOG])
    repository.commit()
    origin = repository.root.as_uri()
    repository.git("clone", "-q", "--depth", "1", origin, str(tmp_path / "clone"))
    with pytest.raises(UsageError, match=r"shallow: .*--unshallow.*`fetch-depth: 0`"):
        _changed(tmp_path / "clone/vocabulary.json", "HEAD~1")


def test_a_catalogue_outside_of_any_repository_is_told(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_text("[]")
    with pytest.raises(UsageError, match=f"{tmp_path} is not in a git repository"):
        _changed(path)


def test_without_git_it_is_told_what_to_do(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="--since needs git, which cannot be started: No such"):
        _changed(repository.root / "vocabulary.json")


def test_a_repository_without_a_commit_knows_no_revision(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "vocabulary.json").write_text("[]")
    with pytest.raises(
        UsageError, match=r"git finds no such commit .*; it has none yet"
    ) as refused:
        _changed(tmp_path / "vocabulary.json")
    assert "fetch" not in str(refused.value)


def test_what_git_says_of_its_own_trouble_is_told_in_one_line(repository: Repository) -> None:
    (repository.root / ".git/config").write_text("[core\n")
    with pytest.raises(UsageError, match=r"git failed in .*: bad config line 1 in file .*config$"):
        _changed(repository.root / "vocabulary.json")


def test_what_git_traces_is_none_of_its_trouble(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_TRACE", "GIT_TRACE2_EVENT", "GIT_TRACE_SETUP"):
        monkeypatch.setenv(name, "1")
    (repository.root / ".git/config").write_text("[core\n")
    with pytest.raises(UsageError, match=r"git failed in .*: bad config line 1 in file .*config$"):
        _changed(repository.root / "vocabulary.json")


def test_a_process_of_git_that_dies_is_told(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "bin/git"
    script.parent.mkdir()
    script.write_text(
        '#!/bin/sh\n[ "$3" = cat-file ] && { echo "fatal: no\nmore" >&2; exit 9; }\n'
        f'PATH={os.environ["PATH"]} exec git "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(UsageError, match=r"git failed in .*work: no more$"):
        _changed(repository.root / "vocabulary.json")


def test_an_entry_was_not_there_where_the_path_held_something_else(repository: Repository) -> None:
    path = repository.root / "vocabulary.json"
    text = path.read_text()
    path.unlink()
    path.mkdir()
    repository.write("vocabulary.json/x.json", [CAT])
    repository.commit()
    (path / "x.json").unlink()
    path.rmdir()
    path.write_text(text)
    # The cat is in a file that is gone.
    assert _changed(path) == {"1"}


def test_an_earlier_file_that_cannot_be_read_counts_as_changed_with_a_note(
    repository: Repository,
) -> None:
    path = repository.root / "vocabulary.json"
    path.write_text('[{"id": 1,\n <<<<<<<')
    repository.commit()
    repository.write("vocabulary.json", [DOG])
    with GitRevision("HEAD") as revision:
        assert revision.find_changed_entries(_reader(path)) == {"1"}
        (note,) = revision.notes
    assert f"{path} cannot be read at 'HEAD' and counts as changed" in note


def test_a_link_is_followed_to_the_file_that_git_has(
    repository: Repository, tmp_path: Path
) -> None:
    link = tmp_path / "elsewhere.json"
    link.symlink_to(repository.root / "vocabulary.json")
    repository.write("vocabulary.json", [DOG, CAT, BIRD])
    assert _changed(link) == {"3"}


def test_a_worktree_and_the_variables_of_a_hook_lead_to_the_file_s_own_repository(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("deep/er/vocabulary.json", [DOG])
    repository.commit()
    repository.git("worktree", "add", "-q", str(tmp_path / "second"))
    path = tmp_path / "second/deep/er/vocabulary.json"
    monkeypatch.setenv("GIT_DIR", repository.git("rev-parse", "--absolute-git-dir"))
    path.write_text(json.dumps([DOG, CAT]))
    assert _changed(path) == {"2"}


@pytest.fixture
def submodule(made_once: Repository, repository: Repository) -> Repository:
    """A repository within another, one commit further than the other knows."""
    repository.git("submodule", "--quiet", "add", str(made_once.root), "content")
    repository.commit()
    within = Repository(repository.root / "content")
    within.write("vocabulary.json", [DOG, CAT, BIRD])
    within.commit()
    return within


def test_a_submodule_is_compared_as_its_superproject_had_it(submodule: Repository) -> None:
    assert _changed(submodule.root / "vocabulary.json", "HEAD") == {"3"}


def test_a_submodule_that_was_not_there_yet_is_new(submodule: Repository) -> None:
    assert _changed(submodule.root / "vocabulary.json", "HEAD~1") == {"1", "2", "3"}


def test_many_files_are_read_by_one_process(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [repository.write(f"{number}.json", [DOG]) for number in range(20)]
    repository.commit()
    started: list[object] = []
    start: Callable[..., None] = subprocess.Popen.__init__

    def counted(self: object, *words: object, **more: object) -> None:
        started.append(words)
        start(self, *words, **more)

    monkeypatch.setattr(subprocess.Popen, "__init__", counted)
    with GitRevision("HEAD") as revision:
        assert {revision.find_changed_entries(_reader(path)) for path in paths} == {frozenset()}
    assert len(started) == 4
