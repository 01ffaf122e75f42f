"""Lists of URLs, or of objects with URLs, that run parallel to a list of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.catalogues.asked import ObjectRow, Row, shown
from tts_assets.catalogues.scan import Container, Layout, Member, items, layout_of, new_comma

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.catalogues.changes import Change
    from tts_assets.catalogues.members import MemberEditor
    from tts_assets.model import Place


def row_changes(
    editor: MemberEditor, place: Place, member: Member, row: Row | ObjectRow, around: Container
) -> Iterator[Change]:
    """What changes in the value that stands where a parallel list belongs.

    Args:
        editor: of the document.
        place: where the value lies.
        member: the value.
        row: what is set in it.
        around: the object that it is a member of.

    Raises:
        InputError: something in it would be lost.
    """
    if isinstance(row, Row):
        return _url_changes(editor, place, member, row, around)
    return _object_changes(editor, place, member, row, around)


def new_row(editor: MemberEditor, place: Place, row: Row | ObjectRow, around: Container) -> str:
    """A whole list for an object that has none there, laid out as the list beside it."""
    beside = editor.neighbour(place, around)
    layout = layout_of(editor.text, beside, editor.colon) if beside else None
    if isinstance(row, Row):
        return _url_list(editor, row, layout, [])
    model = _model_beside(editor, place, around)
    written = [_item(editor, row, index, model) for index in range(row.length)]
    return _list(editor, written, layout)


def _url_changes(
    editor: MemberEditor, place: Place, member: Member, row: Row, around: Container
) -> Iterator[Change]:
    is_list = editor.text[member.start] == "["
    present = items(editor.text, member.start) if is_list else []
    if is_list and len(present) == row.length:
        for index, url in row.urls.items():
            yield from editor.url_change((*place, index), present[index], url)
        return
    for value in present if is_list else [member]:
        editor.refuse_container(place, value)
    if not present:
        yield member.start, member.end, new_row(editor, place, row, around)
        return
    layout = layout_of(editor.text, member, editor.colon)
    yield member.start, member.end, _url_list(editor, row, layout, present)


def _object_changes(
    editor: MemberEditor, place: Place, member: Member, row: ObjectRow, around: Container
) -> Iterator[Change]:
    is_list = editor.text[member.start] == "["
    if not is_list:
        editor.refuse_container(place, member)
    layout = layout_of(editor.text, member, editor.colon) if is_list else None
    if layout is None:
        yield member.start, member.end, new_row(editor, place, row, around)
        return
    present = items(editor.text, member.start)
    _refuse_loss(editor, place, present, row)
    model = _model(editor, present) or _model_beside(editor, place, around)
    for index, urls in row.urls.items():
        if index < len(present):
            found = Container(
                place=(*place, index),
                wanted={},
                start=present[index].start,
                end=present[index].end,
                members=[],
                around=layout.opening,
            )
            yield from _item_changes(editor, found, urls, model)
    end = present[-1].end
    if len(present) > row.length:
        yield present[row.length - 1].end, end, ""
    for index in range(len(present), row.length):
        yield end, end, f"{layout.comma}{_item(editor, row, index, model)}"


def _refuse_loss(editor: MemberEditor, place: Place, present: list[Member], row: ObjectRow) -> None:
    """Only nulls at its end may go from a list that is too long."""
    for lost in present[row.length :]:
        if editor.text[lost.start] != "n":
            raise editor.error(
                f"{shown(place)} has {len(present)} items beside a list of {row.length}; "
                "remove what belongs to none of them",
                lost.start,
            )


def _item_changes(
    editor: MemberEditor, item: Container, urls: dict[str, str], model: Layout | None
) -> Iterator[Change]:
    """URLs set in one object of a list; null gives way to an object."""
    first = editor.text[item.start]
    if first == "n":
        yield item.start, item.end, _object(editor, urls, model)
        return
    if first != "{":
        raise editor.error(
            f"{shown(item.place)} must be an object or null, because its URL belongs under the "
            f"key {shown((next(iter(urls)),))}; mend it",
            item.start,
        )
    item.members = items(editor.text, item.start)
    found = editor.found(item, urls)
    for key, url in urls.items():
        if key in found:
            yield from editor.url_change((*item.place, key), found[key], url)
    missing = {key: editor.string(url) for key, url in urls.items() if key not in found}
    yield from editor.additions(item, missing)


def _item(editor: MemberEditor, row: ObjectRow, index: int, model: Layout | None) -> str:
    return _object(editor, row.urls[index], model) if index in row.urls else "null"


def _object(editor: MemberEditor, urls: dict[str, str], model: Layout | None) -> str:
    return editor.object_of({key: editor.string(url) for key, url in urls.items()}, model)


def _model(editor: MemberEditor, present: list[Member]) -> Layout | None:
    """The layout of the first object among items, for others to be like it."""
    for item in present:
        if editor.text[item.start] == "{" and (
            layout := layout_of(editor.text, item, editor.colon)
        ):
            return layout
    return None


def _model_beside(editor: MemberEditor, place: Place, around: Container) -> Layout | None:
    beside = editor.neighbour(place, around)
    return _model(editor, items(editor.text, beside.start)) if beside else None


def _url_list(editor: MemberEditor, row: Row, layout: Layout | None, present: list[Member]) -> str:
    """A whole list of URLs: the new ones, else the strings that it has, else null."""
    written = ["null"] * row.length
    for index, item in enumerate(present[: row.length]):
        if editor.text[item.start] == '"':
            written[index] = editor.text[item.start : item.end]
    for index, url in row.urls.items():
        written[index] = editor.string(url)
    return _list(editor, written, layout)


def _list(editor: MemberEditor, written: list[str], layout: Layout | None) -> str:
    """A list of written values; without a layout it stands on one line."""
    layout = layout or Layout("", new_comma("", editor.colon), "")
    return f"[{layout.opening}{layout.comma.join(written)}{layout.closing}]"
