"""The plan: recipes, addresses and states."""

import re
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tts_assets.build.plan import make_plan
from tts_assets.build.plan.asset_names import Addresses
from tts_assets.build.plan.ledger_matcher import changes
from tts_assets.build.plan.planner import Aspect, Change, ClipPlan, Planner, State, list_jobs
from tts_assets.build.plan.recipes import Recipes
from tts_assets.config.settings import Settings
from tts_assets.engines import registry
from tts_assets.errors import InputError, UsageError
from tts_assets.model import Clip, DictionaryWord, Format, Kind, Sound, SpokenForm, Voice, WordKind
from tts_assets.store.ledger import Provenance

VOICE = Voice(provider="tones", name="sine")
OLD = "0123456789abcdef01234567"

BY_RECIPE = Addresses("{kind}/{recipe}.{ext}", "/audio/{asset}", Format.MP3)
BY_ID = Addresses("{kind}/{id}-{part}.{ext}", "/audio/{asset}", Format.MP3)


def _recipes(**changes: Any) -> Recipes:
    arguments: dict[str, Any] = {
        "voice": VOICE,
        "engine": lambda _: "tones=1",
        "sound": Sound(),
    } | changes
    return Recipes(**arguments)


def _clip(text: str, *, entry: str | None = None, **changes: Any) -> Clip:
    clip = Clip(
        kind=Kind.VOCABULARY, file="words.json", entry=entry or text, part="word",
        place=(0, "audioUrl"), form=SpokenForm(text=text),
    )  # fmt: skip
    return clip._replace(**changes)


def _plan(
    *clips: Clip, addresses: Addresses = BY_RECIPE, keep_foreign: bool = True, **changes: Any
) -> list[ClipPlan]:
    arguments: dict[str, Any] = {"recipes": _recipes(), "present": {}, "recorded": {}} | changes
    planner = Planner(**arguments)
    return [planner.state_of(clip, addresses, keep_foreign=keep_foreign) for clip in clips]


def _recipe(text: str) -> str:
    return _recipes().hash_clip(SpokenForm(text=text))


def _asset(text: str) -> str:
    return f"vocabulary/{_recipe(text)}.mp3"


def test_a_recipe_is_the_same_tomorrow() -> None:
    assert _recipes().hash_clip(SpokenForm(text="犬", reading="イヌ")) == "42814e90810b3106c057e524"


@pytest.mark.parametrize(
    "changes",
    [
        {"voice": Voice(provider="tones", name="other")},
        {"voice": Voice(provider="tones", name="sine", speed=1.1)},
        {"engine": lambda _: "tones=2"},
        {"sound": Sound(lufs=-20)},
        {"sound": Sound(format=Format.WAV)},
        {"sound": Sound(trail_ms=0)},
    ],
)
def test_everything_that_changes_the_sound_changes_the_recipe(changes: dict[str, object]) -> None:
    form = SpokenForm(text="犬")
    assert _recipes(**changes).hash_clip(form) != _recipes().hash_clip(form)


def test_all_that_a_form_says_is_told_apart_in_a_recipe() -> None:
    forms = [
        SpokenForm(text="一日", reading="ツイタチ"),
        SpokenForm(text="一日", reading="イチニチ"),
        SpokenForm(text="一日"),
        SpokenForm(text="一日ツイタチ"),
        SpokenForm(text="一日", accent=0),
        SpokenForm(text="一日", accent=4),
        SpokenForm(text="一日", sentence=True),
        SpokenForm(text="一日", reading="ツイタチ", accent=4, sentence=True),
        SpokenForm(text="一日", readings=(("一日", "ツイタチ"),)),
        SpokenForm(text="一日", readings=(("一日", "イチニチ"),)),
        SpokenForm(text="一日", readings=(("日", "イチニチ"),)),
        SpokenForm(text="一日", readings=(("日", "イチニチ"),), sentence=True),
        SpokenForm(text="一日", readings=(("一", "ツイ"), ("日", "タチ"))),
        SpokenForm(text="一日", sentence=True, boundaries=(1,)),
        SpokenForm(text="一日", reading="ツイタチ", sentence=True),
        SpokenForm(text="一日", reading="ツイタチ", sentence=True, romanized=True),
    ]
    assert len({_recipes().hash_clip(form) for form in forms}) == len(forms)


def test_an_entry_s_own_voice_counts_whatever_the_run_s_own_is() -> None:
    form = SpokenForm(text="犬")
    of_other = _recipes(voice=Voice(provider="tones", name="other"))
    assert (
        _recipes().hash_clip(form, "other")
        == of_other.hash_clip(form)
        == of_other.hash_clip(form, "other")
    )
    assert (
        _recipes().hash_clip(form, "sine")
        == _recipes().hash_clip(form)
        != _recipes().hash_clip(form, "other")
    )


TOKYO = DictionaryWord(surface="東京", reading="トウキョウ", accent=0)
KYOTO = DictionaryWord(surface="京都", reading="キョウト", accent=1)


@pytest.mark.parametrize(
    "change",
    [
        {"surface": "東京", "reading": "トンキン"},
        {"surface": "東京", "reading": "トウキョウ", "accent": 1},
        {"surface": "東京", "reading": "トウキョウ", "accent": 0, "kind": WordKind.NAME},
    ],
)
def test_a_word_of_the_dictionary_changes_only_the_recipes_of_texts_that_have_it(
    change: dict[str, Any],
) -> None:
    before, after = _recipes(words=(TOKYO,)), _recipes(words=(DictionaryWord(**change),))
    here, elsewhere = SpokenForm(text="東京へ行く"), SpokenForm(text="京都へ行く")
    assert before.hash_clip(here) != after.hash_clip(here)
    assert (
        before.hash_clip(elsewhere) == after.hash_clip(elsewhere) == _recipes().hash_clip(elsewhere)
    )


def test_words_that_overlap_in_a_text_all_count() -> None:
    tokyo_to = DictionaryWord(surface="東京都", reading="トウキョウト")
    text = SpokenForm(text="東京都")
    words = [(), (TOKYO,), (KYOTO,), (tokyo_to,), (TOKYO, KYOTO), (TOKYO, KYOTO, tokyo_to)]
    assert len({_recipes(words=each).hash_clip(text) for each in words}) == len(words)


def test_the_order_of_a_dictionary_does_not_matter() -> None:
    text = SpokenForm(text="東京都")
    one, other = _recipes(words=(TOKYO, KYOTO)), _recipes(words=(KYOTO, TOKYO))
    assert one.hash_clip(text) == other.hash_clip(text)


def test_a_word_is_found_in_wide_and_in_narrow_characters() -> None:
    recipes = _recipes(words=(DictionaryWord(surface="API", reading="エーピーアイ"),))
    text = SpokenForm(text="ＡＰＩ")
    assert recipes.hash_clip(text) != _recipes().hash_clip(text)


def test_a_clip_that_was_never_made_is_new_and_one_with_a_file_is_fresh() -> None:
    new, fresh = _plan(_clip("犬"), _clip("猫"), present={_asset("猫"): 9})
    assert (new.state, fresh.state) == (State.NEW, State.FRESH)
    assert fresh.url == f"/audio/{_asset('猫')}"


@pytest.mark.parametrize(
    ("present", "recorded", "reason"),
    [(0, {}, "empty"), (5, {_asset("犬"): (_recipe("犬"), 9)}, "5 bytes instead of 9")],
)
def test_an_empty_or_shortened_file_is_damaged(
    present: int, recorded: dict[str, tuple[str, int]], reason: str
) -> None:
    (item,) = _plan(_clip("犬"), present={_asset("犬"): present}, recorded=recorded)
    assert item.state is State.DAMAGED
    assert reason in item.reason


def test_a_url_of_another_recipe_is_stale_and_names_it() -> None:
    (item,) = _plan(_clip("犬", url=f"/audio/vocabulary/{OLD}.mp3"))
    assert item.state is State.STALE
    assert OLD in item.reason


def test_a_name_of_the_tool_before_this_one_is_stale() -> None:
    (item,) = _plan(_clip("犬", url="/audio/vocabulary/3f2a91c0.mp3"))
    assert item.state is State.STALE


STRANGERS = [
    "https://cdn.example/inu.mp3",
    "/audio/words/inu.mp3",
    "/audio/vocabulary/inu.mp3",
    f"https://cdn.example/{OLD}.mp3",
    # A date, a number, a word and a hash by another tool, where our URLs would lie.
    "/audio/vocabulary/20240101.mp3",
    "/audio/vocabulary/00000002.mp3",
    "/audio/vocabulary/deadbeef.mp3",
    "/audio/vocabulary/0123456789abcdef.mp3",
    "/audio/vocabulary/d41d8cd98f00b204e9800998ecf8427e.mp3",
]


@pytest.mark.parametrize("url", STRANGERS)
@pytest.mark.parametrize("addresses", [BY_RECIPE, BY_ID])
def test_a_stranger_s_url_locks_its_clip(url: str, addresses: Addresses) -> None:
    (item,) = _plan(_clip("犬", url=url), addresses=addresses, force=True)
    assert item.state is State.LOCKED


@pytest.mark.parametrize("url", STRANGERS)
@pytest.mark.parametrize("addresses", [BY_RECIPE, BY_ID])
def test_a_stranger_s_url_locks_nothing_where_every_one_is_replaced(
    url: str, addresses: Addresses
) -> None:
    (item,) = _plan(_clip("犬", url=url), addresses=addresses, keep_foreign=False)
    assert (item.state, item.reason) == (State.NEW, "not generated yet")


@pytest.mark.parametrize(
    "known",
    [
        {"recorded": {"vocabulary/2-word.mp3": (OLD, 9)}},
        {"recorded": {f"old/{OLD}.mp3": (OLD, 9)}},
        {"present": {f"old/{OLD}.mp3": 9}},
    ],
)
@pytest.mark.parametrize("addresses", [BY_RECIPE, BY_ID])
def test_a_url_of_an_earlier_template_is_ours_if_its_recipe_is_known(
    known: dict[str, Any], addresses: Addresses
) -> None:
    (item,) = _plan(_clip("犬", url=f"https://old.example/{OLD}"), addresses=addresses, **known)
    assert item.state is not State.LOCKED


@pytest.mark.parametrize("addresses", [BY_RECIPE, BY_ID])
def test_a_url_with_the_clip_s_own_recipe_is_ours_though_no_ledger_tells(
    addresses: Addresses,
) -> None:
    url = f"https://old.example/tts/{_recipe('犬')}.mp3?v=2"
    (item,) = _plan(_clip("犬", url=url), addresses=addresses)
    assert item.state is State.NEW


@pytest.mark.parametrize("addresses", [BY_RECIPE, BY_ID])
@pytest.mark.parametrize("recipe", [OLD, ""])
def test_a_url_of_another_asset_in_the_ledger_is_ours(addresses: Addresses, recipe: str) -> None:
    (item,) = _plan(
        _clip("犬", entry="new id", url="/audio/vocabulary/old%20id-word.mp3"),
        addresses=addresses,
        recorded={"vocabulary/old id-word.mp3": (recipe, 9)},
    )
    assert item.state is not State.LOCKED


def test_an_id_that_looks_like_a_recipe_does_not_make_a_stranger_s_url_ours() -> None:
    addresses = Addresses("{part}/{id}.{ext}", "/audio/{asset}", Format.MP3)
    (item,) = _plan(
        _clip("犬", entry=OLD, url=f"https://teacher.example/{OLD}.mp3"),
        addresses=addresses,
        present={f"word/{OLD}.mp3": 9},
        recorded={f"word/{OLD}.mp3": (_recipe("犬"), 9)},
    )
    assert item.state is State.LOCKED


def test_force_remakes_what_is_fresh() -> None:
    (item,) = _plan(_clip("犬"), present={_asset("犬"): 9}, force=True)
    assert (item.state, "--force" in item.reason) == (State.STALE, True)


NAMED = "vocabulary/1-word.mp3"


@pytest.mark.parametrize(
    ("present", "recorded", "state", "reason"),
    [
        (None, None, State.NEW, "not generated yet"),
        (None, ("", 0), State.NEW, "not generated yet"),
        (None, (_recipe("犬"), 9), State.MISSING, "its file is missing"),
        (None, (OLD, 9), State.MISSING, "its file is missing"),
        (9, (_recipe("犬"), 9), State.FRESH, "generated from its recipe"),
        (9, None, State.LOCKED, "and"),
        (9, ("", 0), State.DAMAGED, "has no ledger entry"),
        (9, (OLD, 9), State.STALE, f"changed since {OLD}"),
        (8, (_recipe("犬"), 9), State.DAMAGED, "8 bytes instead of 9"),
        (0, (_recipe("犬"), 0), State.DAMAGED, "empty"),
        (0, None, State.DAMAGED, "empty"),
    ],
)
def test_the_ledger_tells_how_an_asset_stands_that_is_named_by_an_id(
    present: int | None, recorded: tuple[str, int] | None, state: State, reason: str
) -> None:
    (item,) = _plan(
        _clip("犬", entry="1"),
        addresses=BY_ID,
        present={} if present is None else {NAMED: present},
        recorded={} if recorded is None else {NAMED: recorded},
    )
    assert item.state is state
    assert reason in item.reason


def test_force_remakes_an_asset_that_is_named_by_an_id() -> None:
    (item,) = _plan(
        _clip("犬", entry="1"), addresses=BY_ID, present={NAMED: 9},
        recorded={NAMED: (_recipe("犬"), 9)}, force=True,
    )  # fmt: skip
    assert (item.state, "--force" in item.reason) == (State.STALE, True)


def test_a_clip_keeps_its_url_when_its_text_changes_under_its_id() -> None:
    (item,) = _plan(
        _clip("猫", entry="1", url=f"/audio/{NAMED}"), addresses=BY_ID,
        present={NAMED: 9}, recorded={NAMED: (_recipe("犬"), 9)},
    )  # fmt: skip
    assert (item.state, item.url) == (State.STALE, f"/audio/{NAMED}")


def test_a_url_may_name_the_recipe_of_an_asset_that_is_named_by_an_id() -> None:
    addresses = Addresses("{id}-{part}.{ext}", "/{asset}?v={recipe}", Format.MP3)
    (item,) = _plan(_clip("犬", entry="1", url=f"/1-word.mp3?v={OLD}"), addresses=addresses)
    assert item.state is State.NEW
    assert item.url == f"/1-word.mp3?v={_recipe('犬')}"


@pytest.mark.parametrize("entry", ["inu", "INU", "Inu"])
def test_two_entries_that_would_share_a_file_are_refused(entry: str) -> None:
    clips = [_clip("犬", entry="inu"), _clip("猫", entry=entry, file="more.json")]
    with pytest.raises(InputError, match=re.escape("entry inu in words.json")) as caught:
        _plan(*clips, addresses=BY_ID)
    assert (caught.value.file, caught.value.entry) == ("more.json", f"entry {entry}")


@pytest.mark.parametrize("ids", [("が", "か\u3099"), ("Ä", "a\u0308"), ("STRASSE", "straße")])
def test_names_that_some_file_systems_cannot_tell_apart_are_refused(ids: tuple[str, str]) -> None:
    clips = [_clip(each, entry=each) for each in ids]
    with pytest.raises(InputError, match="differs only in case"):
        _plan(*clips, addresses=BY_ID)


def test_ids_and_parts_that_run_together_are_refused() -> None:
    clips = [_clip("犬", entry="a", part="b-c"), _clip("猫", entry="a-b", part="c")]
    with pytest.raises(InputError, match=r"vocabulary/a-b-c\.mp3"):
        _plan(*clips, addresses=BY_ID)


def test_entries_that_say_the_same_may_share_a_file() -> None:
    clips = [_clip("犬", entry="1"), _clip("犬", entry="1", file="more.json")]
    assert [item.asset for item in _plan(*clips, addresses=BY_ID)] == [NAMED, NAMED]


def test_two_entries_that_would_share_a_url_are_refused() -> None:
    addresses = Addresses("{kind}/{recipe}.{ext}", "/say/{id}/{part}", Format.MP3)
    clips = [_clip("犬", entry="1"), _clip("猫", entry="1", kind=Kind.KANJI)]
    with pytest.raises(InputError, match="/say/1/word"):
        _plan(*clips, addresses=addresses)


def test_a_locked_clip_takes_no_name_from_others() -> None:
    locked, other = _plan(
        _clip("犬", entry="1", url="https://cdn.example/inu.mp3"), _clip("猫", entry="1"),
        addresses=BY_ID,
    )  # fmt: skip
    assert (locked.state, other.state) == (State.LOCKED, State.NEW)


def test_equal_clips_are_one_job_with_an_asset_for_each_kind() -> None:
    (job,) = list_jobs(_plan(_clip("犬"), _clip("犬"), _clip("犬", kind=Kind.KANJI)))
    recipe = _recipe("犬")
    assert job.assets == (f"kanji/{recipe}.mp3", f"vocabulary/{recipe}.mp3")
    assert len(job.clips) == 3


def test_equal_clips_are_one_job_with_an_asset_for_each_id() -> None:
    (job,) = list_jobs(_plan(_clip("犬", entry="2"), _clip("犬", entry="1"), addresses=BY_ID))
    assert job.assets == ("vocabulary/1-word.mp3", "vocabulary/2-word.mp3")


def test_each_voice_has_a_job_of_its_own() -> None:
    clips = [_clip("犬"), _clip("犬", voice="other"), _clip("犬", voice="other")]
    assert [(job.voice, len(job.clips)) for job in list_jobs(_plan(*clips))] == [
        (None, 1),
        ("other", 2),
    ]


@pytest.mark.parametrize(
    ("asset", "problem"),
    [
        ("{kind}.{ext}", r"must have \{recipe\}, or both \{id\} and \{part\}"),
        ("{id}.{ext}", r"must have \{recipe\}"),
        ("{part}.{ext}", r"must have \{recipe\}"),
        ("{kind}/{recipe}", r"must end in \.\{ext\}"),
        ("{recipe}.mp3", r"must end in \.\{ext\}"),
        ("{recip}.{ext}", r"has \{recip\}: did you mean \{recipe\}\? It may have \{kind\}, \{rec"),
        ("{asset}/{recipe}.{ext}", r"has \{asset\}: (did you mean|it may have)"),
        ("{}/{recipe}.{ext}", r"has \{\}: it may have"),
        ("{recipe!r}.{ext}", r"has \{recipe!r\}: did you mean \{recipe\}"),
        ("}{recipe}.{ext}", "an unmatched brace"),
        ("{{recipe}}.{ext}", "an unmatched brace"),
        ("/{recipe}.{ext}", "has an empty part"),
        ("{kind}//{recipe}.{ext}", "has an empty part"),
        ("../{recipe}.{ext}", "contains '..'"),
        ("./{recipe}.{ext}", "contains '.'"),
        (".{recipe}.{ext}", "a dot or space"),
        ("{kind} /{recipe}.{ext}", "a dot or space"),
        ("aux/{recipe}.{ext}", "a device name of Windows"),
        ("ledger.jsonl/{recipe}.{ext}", "the folder ledger.jsonl, but that is a file"),
        ("Decisions.jsonl/{recipe}.{ext}", "the folder Decisions.jsonl, but"),
        ("failures.jsonl/a/{recipe}.{ext}", "the folder failures.jsonl, but"),
        ("C:/{recipe}.{ext}", "contains ':'"),
        ("a\\{recipe}.{ext}", "not every system allows"),
        ("a\n{recipe}.{ext}", "not every system allows"),
        ("a" * 250 + "{recipe}.{ext}", "more than 255 bytes"),
    ],
)
def test_a_wrong_asset_template_is_refused(asset: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        Addresses(asset, "/audio/{asset}", Format.MP3)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("/audio/{kind}.mp3", r"must have \{asset\}, \{recipe\}, or both \{id\} and \{part\}"),
        ("/audio/{id}.mp3", r"must have \{asset\}"),
        ("/{recipe", "an unmatched brace"),
        ("/{aset}", r"has \{aset\}: did you mean \{asset\}\? It may have .*\{asset\}"),
    ],
)
def test_a_wrong_url_template_is_refused(url: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        Addresses("{kind}/{recipe}.{ext}", url, Format.MP3)


def test_a_template_knows_its_own_urls() -> None:
    template = "https://cdn.example/a+b/{recipe}/{kind}-{recipe}.{ext}"
    addresses = Addresses("{recipe}.{ext}", template, Format.OPUS)
    url = addresses.url(_clip("犬", kind=Kind.KANJI), OLD)
    assert url == f"https://cdn.example/a+b/{OLD}/kanji-{OLD}.opus"
    assert addresses.recipe(url) == OLD
    assert addresses.recipe(url.replace("a+b", "aab")) is None
    assert addresses.recipe(url.replace("kanji-0", "kanji-1")) is None


def test_a_template_with_ids_knows_its_own_urls() -> None:
    addresses = Addresses("{id}/{part}-{recipe}.{ext}", "/a b/{asset}", Format.MP3)
    url = addresses.url(_clip("犬", entry="a/b?"), OLD)
    assert addresses.recipe(url) == OLD
    assert addresses.asset_at(url) == addresses.asset(_clip("犬", entry="a/b?"), OLD)
    assert addresses.by_recipe


def test_literal_text_of_an_asset_is_percent_encoded_in_its_url() -> None:
    addresses = Addresses("100% 音/{recipe}.{ext}", "/{asset}", Format.MP3)
    assert addresses.asset(_clip("犬"), OLD) == f"100% 音/{OLD}.mp3"
    assert addresses.url(_clip("犬"), OLD) == f"/100%25%20%E9%9F%B3/{OLD}.mp3"


@pytest.mark.parametrize(
    ("entry", "name", "url"),
    [
        ("1", "1", "1"),
        ("食べる 2", "食べる 2", "%E9%A3%9F%E3%81%B9%E3%82%8B%202"),
        ("か\u3099", "が", "%E3%81%8C"),
        ("a:b", "a%3Ab", "a%253Ab"),
        ("100%", "100%25", "100%2525"),
        ('<>"|?*\\/', "%3C%3E%22%7C%3F%2A%5C%2F", "%253C%253E%2522%257C%253F%252A%255C%252F"),
        ("a\x07", "a%07", "a%2507"),
        (".hidden", "%2Ehidden", "%252Ehidden"),
        ("..", "%2E%2E", "%252E%252E"),
        ("end.", "end%2E", "end%252E"),
        ("end ", "end%20", "end%2520"),
        ("CON", "%43ON", "%2543ON"),
        ("nul.tar", "%6Eul.tar", "%256Eul.tar"),
        ("com¹", "%63om¹", "%2563om%C2%B9"),
        ("console", "console", "console"),
    ],
)
def test_ids_become_names_that_every_system_allows(entry: str, name: str, url: str) -> None:
    addresses = Addresses("{id}/{part}.{ext}", "/{asset}", Format.MP3)
    assert addresses.asset(_clip("犬", entry=entry), OLD) == f"{name}/word.mp3"
    assert addresses.url(_clip("犬", entry=entry), OLD) == f"/{url}/word.mp3"


def test_a_device_of_windows_is_no_file_even_with_an_extension() -> None:
    addresses = Addresses("{part}/{id}.{ext}", "/{asset}", Format.MP3)
    assert addresses.asset(_clip("犬", entry="aux"), OLD) == "word/%61ux.mp3"


def test_ids_in_a_url_are_percent_encoded_as_they_are() -> None:
    addresses = Addresses("{recipe}.{ext}", "/say/{id}/{part}.{ext}", Format.MP3)
    assert addresses.url(_clip("犬", entry="a:b/犬"), OLD) == "/say/a%3Ab%2F%E7%8A%AC/word.mp3"


def test_an_id_that_makes_too_long_a_name_is_refused_with_its_entry() -> None:
    addresses = Addresses("{id}-{part}.{ext}", "/{asset}", Format.MP3)
    assert addresses.asset(_clip("犬", entry="あ" * 66), OLD)
    with pytest.raises(InputError, match="more than 255 bytes") as caught:
        addresses.asset(_clip("犬", entry="?" * 100), OLD)
    assert caught.value.entry == "entry " + "?" * 100


@pytest.mark.parametrize(
    ("asset", "folders"),
    [
        ("{recipe}.{ext}", [""]),
        ("clips/{kind}-{recipe}.{ext}", ["clips"]),
        ("{kind}/{id}/{part}.{ext}", sorted(Kind)),
    ],
)
def test_addresses_tell_below_which_folders_assets_lie(asset: str, folders: list[str]) -> None:
    assert Addresses(asset, "/{asset}", Format.MP3).folders() == folders


_IDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="/\\")
    | st.sampled_from("<.% C\u0327\u05b0か\u3099"),
    min_size=1,
    max_size=12,
)


@given(_IDS)
@example("<\u0327")
@example(".\u0327")
@example("<\u05b0\u0327")
@example("\u0327")
def test_every_id_can_be_read_back_from_its_name_and_every_name_from_its_url(entry: str) -> None:
    asset, url = Addresses("C{id}/{part}/{id}.{ext}", "/{asset}", Format.MP3).fill_templates(
        _clip("犬", entry=entry), OLD
    )
    folder, _, name = asset.split("/")
    composed = unicodedata.normalize("NFC", entry)
    assert (unquote(folder), unquote(name)) == (f"C{composed}", f"{composed}.mp3")
    assert not re.search(r'[<>:"|?*\\]|^\.|[. ]$', asset)
    assert unicodedata.is_normalized("NFC", asset)
    assert unquote(url) == f"/{asset}"
    assert url.isascii()


def test_accents_count_only_where_the_voice_says_them() -> None:
    flat, falling = SpokenForm("橋", "ハシ", accent=0), SpokenForm("橋", "ハシ", accent=2)
    saying = _recipes()
    assert saying.hash_clip(flat) != saying.hash_clip(falling)
    deaf = _recipes(accents=lambda name: name == "other")
    assert (
        deaf.hash_clip(flat) == deaf.hash_clip(falling) == deaf.hash_clip(SpokenForm("橋", "ハシ"))
    )
    assert deaf.hash_clip(flat, "other") != deaf.hash_clip(falling, "other")


def test_the_reason_names_spaces_and_the_script_of_a_reading() -> None:
    before = Provenance(recipe="1", text="かれはがくせい", reading="カレワガクセイ", sentence=True)
    now = Provenance(
        recipe="2",
        text="かれはがくせい",
        reading="カレワガクセイ",
        sentence=True,
        boundaries=(3,),
        romanized=True,
    )
    assert changes(before, now) == (
        Change(Aspect.READING, "in kana", "in Latin letters"),
        Change(Aspect.TEXT, "かれはがくせい", "かれは がくせい"),
    )


@pytest.mark.parametrize("early", [False, True])
def test_the_lines_of_records_are_those_of_the_planned_bytes(
    tmp_path: Path, *, early: bool
) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_text('[{"id": 1, "word": "犬"},\n{"id": 2, "word": "猫"}]', encoding="utf-8")
    settings = Settings(paths=(str(path),), output=str(tmp_path / "audio"))
    provider = registry.choose_engine(settings).provider
    plans = [make_plan.make_plan(settings, provider, lines=early) for _ in range(2)]

    assert [item.line for item in plans[0].planned] == [1, 2]
    path.write_bytes(b"\n\n" + path.read_bytes())
    # Without the planned bytes, no line is better than a wrong one.
    assert [item.line for item in plans[1].planned] == ([1, 2] if early else [None, None])
    path.unlink()
    assert [item.line for item in plans[0].planned] == [1, 2]
