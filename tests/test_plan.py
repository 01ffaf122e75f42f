"""The plan: recipes, addresses and states."""

import pytest

from tts_assets.domain import Clip, Format, Kind, Sound, SpokenForm, Voice
from tts_assets.errors import UsageError
from tts_assets.plan import Addresses, Planned, Planner, Recipes, State, jobs

VOICE = Voice(provider="tones", name="sine")
TEMPLATE = "/audio/{kind}/{recipe}.{ext}"


def _recipes(**changes: object) -> Recipes:
    arguments = {"voice": VOICE, "engine": "tones=1", "sound": Sound()} | changes
    return Recipes(**arguments)  # type: ignore[arg-type]


def _clip(text: str, *, kind: Kind = Kind.VOCABULARY, url: str | None = None) -> Clip:
    return Clip(
        kind=kind, file="words.json", entry=text, part="word", place=(0, "audioUrl"),
        form=SpokenForm(text=text), url=url,
    )  # fmt: skip


def _plan(
    *clips: Clip,
    present: dict[str, int] | None = None,
    recorded: dict[str, int] | None = None,
    force: bool = False,
) -> list[Planned]:
    planner = Planner(
        recipes=_recipes(),
        addresses=Addresses(TEMPLATE, Format.MP3),
        present=present or {},
        recorded=recorded or {},
        force=force,
    )
    return [planner.state_of(clip) for clip in clips]


def _asset(text: str) -> str:
    return f"vocabulary/{_recipes().of(SpokenForm(text=text))}.mp3"


def test_a_recipe_is_the_same_tomorrow() -> None:
    assert _recipes().of(SpokenForm(text="犬", reading="イヌ")) == "38b465cf28b2dadbd9595d7c"


@pytest.mark.parametrize(
    "changes",
    [
        {"voice": Voice(provider="tones", name="other")},
        {"voice": Voice(provider="tones", name="sine", speed=1.1)},
        {"engine": "tones=2"},
        {"sound": Sound(lufs=-20)},
        {"sound": Sound(format=Format.WAV)},
        {"sound": Sound(trail_ms=0)},
    ],
)
def test_everything_that_changes_the_sound_changes_the_recipe(changes: dict[str, object]) -> None:
    form = SpokenForm(text="犬")
    assert _recipes(**changes).of(form) != _recipes().of(form)


def test_text_and_reading_are_told_apart_in_a_recipe() -> None:
    forms = [
        SpokenForm(text="一日", reading="ツイタチ"),
        SpokenForm(text="一日", reading="イチニチ"),
        SpokenForm(text="一日"),
        SpokenForm(text="一日ツイタチ"),
    ]
    assert len({_recipes().of(form) for form in forms}) == 4


def test_a_clip_without_file_is_missing_and_one_with_a_file_is_fresh() -> None:
    missing, fresh = _plan(_clip("犬"), _clip("猫"), present={_asset("猫"): 9})
    assert (missing.state, fresh.state) == (State.MISSING, State.FRESH)
    assert fresh.url == f"/audio/{_asset('猫')}"


@pytest.mark.parametrize(
    ("present", "recorded", "reason"),
    [(0, None, "empty"), (5, 9, "5 bytes and was made with 9")],
)
def test_an_empty_or_shortened_file_is_stale(
    present: int, recorded: int | None, reason: str
) -> None:
    asset = _asset("犬")
    (item,) = _plan(
        _clip("犬"),
        present={asset: present},
        recorded={} if recorded is None else {asset: recorded},
    )
    assert item.state is State.STALE
    assert reason in item.reason


def test_a_url_of_another_recipe_is_stale_and_names_it() -> None:
    (item,) = _plan(_clip("犬", url="/audio/vocabulary/0123456789abcdef.mp3"))
    assert item.state is State.STALE
    assert "0123456789abcdef" in item.reason


@pytest.mark.parametrize(
    "url", ["https://cdn.example/inu.mp3", "/audio/words/inu.mp3", "/audio/vocabulary/inu.mp3"]
)
def test_a_stranger_s_url_locks_its_clip(url: str) -> None:
    (item,) = _plan(_clip("犬", url=url), force=True)
    assert item.state is State.LOCKED


def test_force_remakes_what_is_fresh() -> None:
    (item,) = _plan(_clip("犬"), present={_asset("犬"): 9}, force=True)
    assert (item.state, "--force" in item.reason) == (State.STALE, True)


def test_equal_clips_are_one_job_with_an_asset_for_each_kind() -> None:
    (job,) = jobs(_plan(_clip("犬"), _clip("犬"), _clip("犬", kind=Kind.KANJI)))
    recipe = _recipes().of(SpokenForm(text="犬"))
    assert job.assets == (f"kanji/{recipe}.mp3", f"vocabulary/{recipe}.mp3")
    assert len(job.clips) == 3


@pytest.mark.parametrize(
    "template", ["/audio/{kind}.mp3", "/{recipe}/{id}.mp3", "/{recipe", "{}/{recipe}", "/}{recipe}"]
)
def test_a_wrong_url_template_is_refused(template: str) -> None:
    with pytest.raises(UsageError, match=r"must have \{recipe\}"):
        Addresses(template, Format.MP3)


def test_a_template_knows_its_own_urls() -> None:
    addresses = Addresses("https://cdn.example/a+b/{recipe}/{kind}-{recipe}.{ext}", Format.OPUS)
    url = addresses.url(Kind.KANJI, "0123456789abcdef")
    assert url == "https://cdn.example/a+b/0123456789abcdef/kanji-0123456789abcdef.opus"
    assert addresses.recipe(url) == "0123456789abcdef"
    assert addresses.recipe(url.replace("a+b", "aab")) is None
    assert addresses.recipe(url.replace("kanji-0", "kanji-1")) is None
