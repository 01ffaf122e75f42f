"""A proposal as the text of a ``tts-assets.toml``, with the reason for each choice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tts_assets.config.sources.path import Step
from tts_assets.config.sources.source import Alternatives, IdFrom, Say
from tts_assets.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.catalogues.detect.draft import Draft
    from tts_assets.catalogues.detect.proposal import Proposal
    from tts_assets.catalogues.detect.tally import Count, Tally
    from tts_assets.config.sources.path import Path
    from tts_assets.config.sources.source import ClipRule, Source

_HEAD = (
    "How tts-assets reads the catalogues here: proposed by `tts-assets init`, yours to change.",
    "`tts-assets generate --dry-run` shows what would be made of it.",
)
_SAY = {
    Say.WORD: "a word",
    Say.READING: "a reading",
    Say.SENTENCE: "running text",
    Say.DIALOGUE: "lines, without the names of who speaks them",
    Say.TITLE: "a grammar pattern",
}


#: More of a text is not needed to know it again.
_SHOWN = 24


def toml_of(proposal: Proposal, tally: Tally) -> str:
    """The text of the file.

    Args:
        proposal: what is proposed.
        tally: what they find.
    """
    blocks = ["\n".join(_comment(line) for line in _HEAD)]
    if proposal.paths:
        what = ", ".join(sorted({kind.value for kind in proposal.built_in.values()}))
        said = f"All of them have built-in shapes ({what}): where they are is enough."
        blocks.append(f"{_comment(said)}\npaths = [{', '.join(map(_text, proposal.paths))}]")
    for draft in proposal.drafts:
        blocks.append("\n".join(_source(draft, tally)))
        blocks += ["\n".join(_clip(rule, draft, tally)) for rule in _own_clips(draft)]
        if draft.others:
            blocks.append(_comment("Not said. Take away the # of one that is to be said:"))
            blocks += [_put_aside(rule) for rule in draft.others]
    return "\n\n".join(blocks) + "\n"


def number(count: int, noun: str) -> str:
    """A number of things, in words."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun.removesuffix('y')}ies" if noun[-1] == "y" else f"{count:,} {noun}s"


def _own_clips(draft: Draft) -> tuple[ClipRule, ...]:
    return () if draft.is_built_in else draft.source.clips


def _source(draft: Draft, tally: Tally) -> Iterator[str]:
    source = draft.source
    entries = tally.entries.get(source.name, 0)
    yield "[[source]]"
    yield f"files = {_texts(source.files)}"
    if draft.is_built_in:
        yield _comment(
            f"The built-in shape of this kind, {number(entries, 'entry')}: no more to say."
        )
        yield f"kind = {_text(source.kind)}"
    else:
        yield _comment(f"One of {', '.join(Kind)}.")
        yield f"kind = {_text(source.kind)}"
        yield from _table(source)
        yield _comment(f"{number(entries, 'entry')}: {_where(source)}.")
        yield f"records = {_text(source.records.text)}"
        yield _comment(f"{draft.id_reason[:1].upper()}{draft.id_reason[1:]}.")
        yield f"id = {_id(source)}"
    if source.url is not None:
        yield _comment("As Anki writes sounds; copy the files into its collection.media folder.")
        yield f"url = {_text(source.url)}"
    yield from _overwrite(source, tally.sources.get(source.name))
    if draft.speakers:
        yield _comment("The voice of each speaker, where it is not to be that of all:")
        voices = ", ".join(f"{_text(name)} = {_text('mei')}" for name in draft.speakers)
        yield _comment(f"voices = {{ {voices} }}")
    if draft.seen:
        yield _comment(f"Sounds that are left alone: {', '.join(draft.seen)}.")
    if draft.copies:
        yield _comment(
            f"Lists that only repeat these texts, and are not read: {', '.join(draft.copies)}."
        )
    if draft.unsaid:
        yield _comment(f"Japanese that no clip says: {', '.join(draft.unsaid)}.")


def _table(source: Source) -> Iterator[str]:
    if source.columns is not None:
        yield _comment("The file does not name its columns: these were guessed by what is in them.")
        yield f"columns = {_texts(source.columns)}"
    if source.delimiter is not None:
        yield f"delimiter = {_text(source.delimiter)}"


def _where(source: Source) -> str:
    """Where the records are, in words."""
    steps = source.records.steps
    if Step.EVERY not in steps:
        return "the whole file" if not steps else "one in each file"
    return "all that this path leads to"


def _overwrite(source: Source, count: Count | None) -> Iterator[str]:
    if count is None or not count.urls:
        return
    yield _comment(
        f'{count.urls:,} of {number(count.clips, "clip")} have a URL already. "ours" keeps those that '
        'tts-assets did not write; "always" would put ours in their places.'
    )
    yield f"overwrite = {_text(source.overwrite)}"


def _clip(rule: ClipRule, draft: Draft, tally: Tally) -> Iterator[str]:
    count = tally.rules.get((draft.source.name, rule.part))
    yield _comment(_found(rule, count))
    yield from _rule(rule, draft)


def _found(rule: ClipRule, count: Count | None) -> str:
    if count is None or count.first is None:
        return f"{_SAY[rule.say].capitalize()}; none is there yet."
    form = count.first.form
    reading = f" ({_short(form.reading)})" if form.reading and form.reading != form.text else ""
    words = f"{_SAY[rule.say]}, such as {_short(form.text)}{reading}"
    return f"{number(count.clips, 'clip')}: {words}."


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _rule(rule: ClipRule, draft: Draft | None) -> Iterator[str]:
    yield "[[source.clip]]"
    yield f"part = {_text(rule.part)}"
    if rule.each is not None:
        yield f"each = {_text(rule.each.text)}"
    if rule.say is not Say.WORD:
        yield f"say = {_text(rule.say)}"
    for name in ("text", "reading", "furigana", "accent", "speaker", "language"):
        if paths := getattr(rule, name):
            yield f"{name} = {_paths(paths)}"
    if rule.alternatives is not Alternatives.FIRST:
        yield _comment("Each of the alternatives in one text is a clip.")
        yield f"alternatives = {_text(rule.alternatives)}"
    if rule.join is not None:
        of_words = "The texts are the words of one text, with nothing between them."
        yield _comment(
            "What stands between the texts, which are said as one." if rule.join else of_words
        )
        yield f"join = {_text(rule.join)}"
    for skip in rule.skip:
        values = ", ".join(_text(str(value)) for value in skip.values)
        yield _comment("These are not in kana." if values else "Some do not have it.")
        when = f"is = [{values}]" if values else "missing = true"
        yield f"skip = {{ field = {_text(skip.field.text)}, {when} }}"
    yield from _target(rule, draft)


def _target(rule: ClipRule, draft: Draft | None) -> Iterator[str]:
    """Where the URL goes, and whether that is new."""
    if rule.to is None:
        yield _comment("There is no place for its URL; the clips are made all the same.")
        yield "to = false"
        return
    if draft is not None and rule.to.text in draft.new:
        yield _comment("New: it is not in the file yet.")
    yield f"to = {_text(rule.to.text)}"


def _put_aside(rule: ClipRule) -> str:
    return "\n".join(line if line.startswith("#") else f"# {line}" for line in _rule(rule, None))


def _id(source: Source) -> str:
    name = source.id
    match name.of:
        case IdFrom.FIELD:
            return _paths(name.paths)
        case IdFrom.PARENT:
            return _text(f"parent({name.paths[0].text})")
        case _:
            return _text(f"{name.of}()")


def _paths(paths: Sequence[Path]) -> str:
    return _texts([path.text for path in paths])


def _texts(texts: Sequence[str]) -> str:
    """One text, or a list of them."""
    if len(texts) == 1:
        return _text(texts[0])
    return f"[{', '.join(map(_text, texts))}]"


def _text(text: str) -> str:
    """A TOML string (https://toml.io/en/v1.0.0#string), literal where that needs no escapes."""
    if not text.isprintable():
        return "".join(
            each if each.isprintable() else _escape(each)
            for each in json.dumps(text, ensure_ascii=False)
        )
    if ('"' in text or "\\" in text) and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _comment(words: str) -> str:
    """A comment; what is not printable is escaped, as TOML wants it and terminals need it."""
    return "# " + "".join(each if each.isprintable() else _escape(each) for each in words)
