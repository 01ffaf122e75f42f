"""The reading guard: an engine's dictionary may not say other than the entry's reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tts_assets.errors import ClipError
from tts_assets.japanese.kana import pronunciation_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from tts_assets.domain import SpokenForm

    #: OpenJTalk's word nodes in order, each with at least ``string`` and ``pron``.
    Nodes: TypeAlias = Sequence[Mapping[str, Any]]


def guarded(form: SpokenForm, analyse: Callable[[str], Nodes]) -> Nodes:
    """The analysis to speak: of the spelling if it is read as given, else of the given kana.

    The spelling is preferred because only it carries the word's accent.

    Args:
        form: what is to be said.
        analyse: the dictionary: text in, word nodes out.

    Raises:
        ClipError: neither the spelling nor the kana is read as the entry says.
    """
    nodes = analyse(form.text)
    if form.reading is None:
        return nodes
    wanted = pronunciation_key(form.reading)
    if said(nodes) == wanted:
        return nodes
    from_kana = analyse(form.reading)
    if said(from_kana) == wanted:
        return from_kana
    raise ClipError(
        f"the dictionary reads {form.text} as {said(nodes)} and the kana {form.reading} as "
        f"{said(from_kana)}: it cannot be made to say the given reading"
    )


def said(nodes: Nodes) -> str:
    """The pronunciation key of what an analysis would say."""
    return pronunciation_key("".join(node["pron"] for node in nodes))
