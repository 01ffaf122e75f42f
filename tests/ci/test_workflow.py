"""The example workflow, run: its steps out of the YAML, on a repository with a real remote."""

import pytest

from tests.ci.author import BRANCH, Author
from tests.ci.workflow_jobs import WorkflowRepository

SETTINGS = '[tool.tts-assets]\nprovider = "tones"\n'


@pytest.fixture
def author(repository: WorkflowRepository) -> Author:
    author = Author(repository, {"pyproject.toml": SETTINGS})
    author.push_words(["犬", "猫", "鳥", "魚", "失敗"])
    return author


@pytest.mark.usefixtures("author")
def test_a_pull_request_is_told_what_is_stale_and_does_not_fail_for_it(
    repository: WorkflowRepository,
) -> None:
    job = repository.run("check", event="pull_request")
    assert (job.result, job.steps["Check"]) == ("success", "success")
    assert job.log.count("::warning file=data/vocabulary.json,line=") == 5
    assert "| new |" in (repository.folder / "workspace-1.md").read_text("utf-8")


def test_a_shard_that_fails_keeps_nobody_s_work_out_of_the_pull_request(
    repository: WorkflowRepository, author: Author
) -> None:
    jobs = repository.run_all(shards=2)
    assert sorted(jobs[name].result for name in ("generate 1", "generate 2")) == [
        "failure",
        "success",
    ]
    assert jobs["merge"].result == "success", jobs["merge"].log
    page = repository.folder / "artifacts" / "tts-review"
    assert page.joinpath("index.html").is_file()
    assert len(list(page.joinpath("clips").rglob("*.mp3"))) == 4
    (pull,) = author.pulls()
    assert (pull["base"], pull["head"]) == ("main", BRANCH)
    assert pull["body"].endswith("Some clips are still to be generated: the run lists them.")
    changed = set(repository.git("diff", "--name-only", "main", BRANCH).splitlines())
    assets = {name for name in changed if name.endswith(".mp3")}
    assert len(assets) == 4
    assert changed - assets == {
        "audio/.gitattributes",
        "audio/failures.jsonl",
        "audio/ledger.jsonl",
        "data/vocabulary.json",
    }
