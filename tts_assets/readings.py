"""How forms are said, told by the dictionary alone: for looking and checking, without a voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.host import engine_host

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.domain import DictionaryWord, Pronunciation, SpokenForm

_READER = "tts_assets.japanese.reader:Reader"
#: Most of the work is Python's own, which threads do not share.
_THREADS = 1


async def read(
    forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...] = ()
) -> list[Pronunciation | str]:
    """How forms are said by OpenJTalk's dictionary under the reading guard.

    Starts a process of its own for the dictionary, and ends it.

    Args:
        forms: any number.
        words: the user's own dictionary.

    Returns:
        For each form in order its pronunciation, or why it cannot be said.

    Raises:
        FatalError: the dictionary cannot be loaded, or not with these words.
    """
    if not forms:
        return []
    async with engine_host(_READER, threads=_THREADS, words=words) as host:
        return await host.read(forms)
