"""Readings told by the dictionary's own process."""

import pytest

from tts_assets.engines.reading_cache import read_forms
from tts_assets.model import AccentBasis, Basis, DictionaryWord, Phrase, Pronunciation, SpokenForm

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One is enough here: the host's own tests run on both, and the dictionary knows of neither."""
    return str(request.param)


async def test_many_forms_are_read_as_the_guard_reads_them() -> None:
    forms = [
        SpokenForm(text="今日", reading="キョウ"),
        SpokenForm(text="開く", reading="アク"),
        SpokenForm(text="箸", reading="ハシ", accent=3),
        SpokenForm(text="昨日", reading="キオウ"),
        SpokenForm(text="明日は雨が降ります。", sentence=True),
    ]
    today, opens, chopsticks, yesterday, rain = await read_forms(forms)
    assert today == Pronunciation(
        phrases=(Phrase(kana="キョー", accent=1),),
        basis=Basis.SPELLING,
        accent_basis=AccentBasis.DICTIONARY,
    )
    assert isinstance(opens, Pronunciation)
    assert opens.basis is Basis.NBEST
    assert chopsticks == (
        "the entry gives 箸 the accent 3, but ハシ has only 2 morae: give the mora after which the "
        "pitch falls, or 0"
    )
    assert isinstance(yesterday, Pronunciation)
    assert yesterday == Pronunciation(
        phrases=(Phrase(kana="キオー", accent=2),),
        basis=Basis.FORCED,
        accent_basis=AccentBasis.GUESSED,
        doubt="the dictionary reads 昨日 as キノー and never as キオウ",
        near="キノウ",
    )
    assert isinstance(rain, Pronunciation)
    assert [phrase.kana for phrase in rain.phrases] == ["アシタワ", "アメガ", "フリマス"]


async def test_the_words_of_the_user_are_known() -> None:
    words = (DictionaryWord(surface="勇人", reading="ユウト", accent=1),)
    (found,) = await read_forms([SpokenForm(text="勇人")], words)
    assert isinstance(found, Pronunciation)
    assert found.phrases == (Phrase(kana="ユート", accent=1),)


async def test_nothing_to_read_starts_nothing() -> None:
    assert await read_forms([]) == []
