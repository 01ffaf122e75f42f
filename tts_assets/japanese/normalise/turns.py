"""Passages: running text line by line, with who says each line."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from tts_assets.domain import Turn
from tts_assets.japanese.normalise.silence import find_empty_reason
from tts_assets.japanese.normalise.stretches import end_with_stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

#: Running text of more characters is a passage; see ``japanese.segments``.
LONGEST_SENTENCE = 100
#: What a line may end with; another gets a stop, as an engine would run on into the next.
ENDS = "。．.！？!?、，…」』"
_PAUSES = ("、", "，")


def build_turns(
    text: str, speakers: Sequence[str], said: Callable[[str], str], voices: Mapping[str, str]
) -> tuple[str, tuple[Turn, ...]]:
    """What is said of a passage, and its turns.

    Lines with nothing to say are left out; a line that ends in a comma goes on in the next.

    Args:
        text: its lines.
        speakers: who says each line. If they are not as many, the text is one turn.
        said: the rules of running text.
        voices: the voice of each speaker.
    """
    lines = text.split("\n")
    if len(lines) != len(speakers):
        lines, speakers = [text], [""]
    # Ａ and A are one speaker, called as in the first line.
    called: dict[str, str] = {}
    names = [called.setdefault(_to_speaker_key(name), name) for name in speakers]
    of_names = {_to_speaker_key(name): voice for name, voice in voices.items()}
    spoken = [
        (speaker, words)
        for speaker, written in _join_wrapped_lines(zip(names, lines, strict=True))
        if find_empty_reason(words := said(written).lstrip("。 ")) is None
    ]
    texts = [words if words.endswith(tuple(ENDS)) else f"{words}。" for _, words in spoken[:-1]]
    texts += [words for _, words in spoken[-1:]]
    turns = tuple(
        Turn(len(words), speaker, of_names.get(_to_speaker_key(speaker)))
        for (speaker, _), words in zip(spoken, texts, strict=True)
    )
    return "".join(texts), turns


def _to_speaker_key(name: str) -> str:
    return unicodedata.normalize("NFKC", name)


def add_turn_stops(text: str, turns: Iterable[Turn]) -> tuple[str, list[int]]:
    """A passage with a stop behind each turn, and where in it one had to be put."""
    whole, put, at = "", [], 0
    for turn in turns:
        line = text[at : at + turn.size]
        at += turn.size
        with_stop = end_with_stop(line)
        put += [at] if with_stop != line else []
        whole += with_stop
    return whole, put


def _join_wrapped_lines(lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Lines that end within a sentence joined with the next, if one speaker says both."""
    joined: list[tuple[str, str]] = []
    for speaker, line in lines:
        words = line.strip()
        if joined and joined[-1][0] == speaker and joined[-1][1].endswith(_PAUSES):
            joined[-1] = (speaker, joined[-1][1] + words)
        elif words:
            joined.append((speaker, words))
    return joined
