"""Formats a proposal as TOML, with counts and the first clips as comments."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.config.catalogue_sources import (
    RULE_FIELDS,
    AlternativesPolicy,
    IdOrigin,
    TextType,
    is_built_in,
)
from tts_assets.config.settings import Settings
from tts_assets.config.source_paths import PathStep
from tts_assets.errors import format_count, truncate_text
from tts_assets.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.catalogues.detect.proposal import Proposal
    from tts_assets.catalogues.detect.source_draft import SourceDraft
    from tts_assets.config.catalogue_sources import ClipRule, Source
    from tts_assets.config.source_paths import FieldPath
    from tts_assets.errors import InputError
    from tts_assets.model import Clip


@dataclass(slots=True, kw_only=True)
class ClipCount:
    """The clips of one source, or of one of its clip rules."""

    clips: int = 0  #: the number of clips
    urls: int = 0  #: the number of clips that have a URL already
    first: Clip | None = None  #: the first clip

    def add_clip(self, clip: Clip) -> None:
        """Count a clip."""
        self.clips += 1
        self.urls += clip.url is not None
        self.first = self.first or clip


@dataclass(slots=True, kw_only=True)
class SourcePreview:
    """The clips of all sources."""

    total: ClipCount = field(default_factory=ClipCount)  #: all clips
    sources: dict[str, ClipCount] = field(default_factory=dict)  #: clips by source name
    #: Clips by source name and rule name.
    rules: dict[tuple[str, str], ClipCount] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)  #: the number of records by source name
    unspoken: int = 0  #: the number of texts that yield no clip
    first: dict[str, list[Clip]] = field(default_factory=dict)  #: the first clips of each source
    #: The files, entries and values that cannot be used.
    problems: list[InputError] = field(default_factory=list)


def preview_sources(sources: Sequence[Source], paths: Sequence[str], *, most: int) -> SourcePreview:
    """Read the files with the proposed sources.

    Args:
        sources: the proposed sources, each with a unique name.
        paths: files and folders of the built-in shapes.
        most: how many first clips of each source to keep.
    """
    preview, load_problems = SourcePreview(), LoadProblems()
    if not sources and not paths:
        return preview
    settings = Settings(sources=tuple(sources), paths=tuple(paths))
    for reader in open_catalogues(settings, load_problems):
        name = reader.source.name
        for clip in reader.iter_clips():
            rule = clip.part.partition("-")[0]
            for count in (
                preview.total,
                preview.sources.setdefault(name, ClipCount()),
                preview.rules.setdefault((name, rule), ClipCount()),
            ):
                count.add_clip(clip)
            row = preview.first.setdefault(name, [])
            if len(row) < most:
                row.append(clip)
        read = reader.finish()
        preview.entries[name] = preview.entries.get(name, 0) + read.entries
        preview.unspoken += len(read.unspoken)
        preview.problems.extend(read.problems)
    preview.problems.extend(load_problems.problems)
    return preview


# Format a proposal as a ``tts-assets.toml``, with the reason for each choice.
_HEAD = (
    "How tts-assets reads the catalogues here: proposed by `tts-assets init`, yours to change.",
    "`tts-assets generate --dry-run` shows the result.",
)
#: Settings that most projects need; commented out, because their values are unknown.
_SETTINGS = """\
# output = "public/audio"                      # where the clips are stored
# url = "https://cdn.example.com/{asset}"      # what your app loads them by"""
_TYPE_LABELS = {
    TextType.WORD: "a word",
    TextType.READING: "a reading",
    TextType.SENTENCE: "running text",
    TextType.DIALOGUE: "lines, without the speakers' names",
    TextType.TITLE: "a grammar pattern",
}

_MAX_EXAMPLE_LENGTH = 24  #: the longest example text, in characters


def format_toml(proposal: Proposal, preview: SourcePreview) -> str:
    """Format the text of the file.

    Args:
        proposal: the proposal.
        preview: the clips that its sources find.
    """
    blocks = ["\n".join(_format_comment(line) for line in _HEAD)]
    blocks.append(_SETTINGS)
    if proposal.paths:
        what = ", ".join(sorted({kind.value for kind in proposal.built_in.values()}))
        note = f"All of them have built-in shapes ({what}), so their paths are sufficient."
        blocks.append(
            f"{_format_comment(note)}\npaths = [{', '.join(map(_format_text, proposal.paths))}]"
        )
    for draft in proposal.drafts:
        blocks.append("\n".join(_format_source(draft, preview)))
        rules = () if is_built_in(draft.source) else draft.source.clips
        blocks += ["\n".join(_format_clip(rule, draft, preview)) for rule in rules]
        if draft.others:
            blocks.append(_format_comment("Not spoken. To speak a field, remove its #:"))
            blocks += [_comment_out(rule) for rule in draft.others]
    return "\n\n".join(blocks) + "\n"


def _format_source(draft: SourceDraft, preview: SourcePreview) -> Iterator[str]:
    source = draft.source
    entries = preview.entries.get(source.name, 0)
    yield "[[source]]"
    yield f"files = {_format_texts(source.files)}"
    if is_built_in(source):
        yield _format_comment(
            f"The built-in shape of this kind, {format_count(entries, 'entry', 'entries')}, is sufficient."
        )
        yield f"kind = {_format_text(source.kind)}"
    else:
        yield _format_comment(f"One of {', '.join(Kind)}.")
        yield f"kind = {_format_text(source.kind)}"
        yield from _format_table(source)
        yield _format_comment(
            f"{format_count(entries, 'entry', 'entries')}: {_describe_records(source)}."
        )
        yield f"records = {_format_text(source.records.text)}"
        yield _format_comment(f"{draft.id_reason[:1].upper()}{draft.id_reason[1:]}.")
        yield f"id = {_format_id(source)}"
    if source.url is not None:
        yield _format_comment(
            "As Anki writes sounds; copy the files into its collection.media folder."
        )
        yield f"url = {_format_text(source.url)}"
    yield from _format_overwrite(source, preview.sources.get(source.name))
    if draft.speakers:
        yield _format_comment(
            "Voices of the speakers (see `tts-assets voices`); without one, the voice of the run speaks:"
        )
        voices = ", ".join(
            f"{_format_text(name)} = {_format_text('mei')}" for name in draft.speakers
        )
        yield _format_comment(f"voices = {{ {voices} }}")
    if draft.seen:
        yield _format_comment(
            f"Other fields for recordings, which are left unchanged: {', '.join(draft.seen)}."
        )
        if slow := next((field for field in draft.seen if "slow" in field.lower()), None):
            yield _format_comment(
                "For slow clips, copy a [[source.clip]] below with another part, speed = 0.75 and "
                f"to = {_format_text(slow)}."
            )
    if draft.copies:
        yield _format_comment(
            f"Lists that only repeat these texts and are not read: {', '.join(draft.copies)}."
        )
    if draft.unsaid:
        yield _format_comment(f"Japanese that no clip speaks: {', '.join(draft.unsaid)}.")


def _format_table(source: Source) -> Iterator[str]:
    if source.columns is not None:
        yield _format_comment(
            "The file does not name its columns; these names were guessed from their content."
        )
        yield f"columns = {_format_texts(source.columns)}"
    if source.delimiter is not None:
        yield f"delimiter = {_format_text(source.delimiter)}"


def _describe_records(source: Source) -> str:
    """Describe where the records are."""
    steps = source.records.steps
    if PathStep.EVERY not in steps:
        return "the whole file" if not steps else "one in each file"
    return "all values at this path"


def _format_overwrite(source: Source, count: ClipCount | None) -> Iterator[str]:
    if count is None or not count.urls:
        return
    yield _format_comment(
        f"{count.urls:,} of {format_count(count.clips, 'clip')} already have a URL. "
        '"ours" keeps URLs that tts-assets did not write; "always" replaces them.'
    )
    yield f"overwrite = {_format_text(source.overwrite)}"


def _format_clip(rule: ClipRule, draft: SourceDraft, preview: SourcePreview) -> Iterator[str]:
    count = preview.rules.get((draft.source.name, rule.part))
    yield _format_comment(_describe_clips(rule, count))
    yield from _format_rule(rule, draft)


def _describe_clips(rule: ClipRule, count: ClipCount | None) -> str:
    if count is None or count.first is None:
        return f"{_TYPE_LABELS[rule.say].capitalize()}; none exists yet."
    form = count.first.form
    texts = dict.fromkeys(filter(None, (form.text, form.reading)))
    text, *reading = (truncate_text(each, _MAX_EXAMPLE_LENGTH) for each in texts)
    words = f"{_TYPE_LABELS[rule.say]}, such as {text}" + "".join(f" ({each})" for each in reading)
    return f"{format_count(count.clips, 'clip')}: {words}."


def _format_rule(rule: ClipRule, draft: SourceDraft | None) -> Iterator[str]:
    yield "[[source.clip]]"
    yield f"part = {_format_text(rule.part)}"
    if rule.each is not None:
        yield f"each = {_format_text(rule.each.text)}"
    if rule.say is not TextType.WORD:
        yield f"say = {_format_text(rule.say)}"
    for name in RULE_FIELDS:
        if paths := getattr(rule, name):
            yield f"{name} = {_format_paths(paths)}"
    if rule.alternatives is not AlternativesPolicy.FIRST:
        yield _format_comment("Each alternative in a text becomes a clip.")
        yield f"alternatives = {_format_text(rule.alternatives)}"
    if rule.join is not None:
        of_words = "The texts are the words of one text, without separators."
        yield _format_comment(
            "The separator between the texts, which are spoken as one." if rule.join else of_words
        )
        yield f"join = {_format_text(rule.join)}"
    for skip in rule.skip:
        values = ", ".join(_format_text(str(value)) for value in skip.values)
        yield _format_comment(
            "These are not in kana." if values else "Some entries do not have it."
        )
        when = f"is = [{values}]" if values else "missing = true"
        yield f"skip = {{ field = {_format_text(skip.field.text)}, {when} }}"
    yield from _format_target(rule, draft)


def _format_target(rule: ClipRule, draft: SourceDraft | None) -> Iterator[str]:
    """Format the field for the URL, with a note if it is new."""
    if rule.to is None:
        yield _format_comment("No field can take its URL; the clips are generated anyway.")
        yield "to = false"
        return
    if draft is not None and rule.to.text in draft.new:
        yield _format_comment("New field: it is not in the file yet.")
    yield f"to = {_format_text(rule.to.text)}"


def _comment_out(rule: ClipRule) -> str:
    return "\n".join(
        line if line.startswith("#") else f"# {line}" for line in _format_rule(rule, None)
    )


def _format_id(source: Source) -> str:
    name = source.id
    match name.of:
        case IdOrigin.FIELD:
            return _format_paths(name.paths)
        case IdOrigin.PARENT:
            return _format_text(f"parent({name.paths[0].text})")
        case _:
            return _format_text(f"{name.of}()")


def _format_paths(paths: Sequence[FieldPath]) -> str:
    return _format_texts([path.text for path in paths])


def _format_texts(texts: Sequence[str]) -> str:
    """One text, or a list of them."""
    if len(texts) == 1:
        return _format_text(texts[0])
    return f"[{', '.join(map(_format_text, texts))}]"


def _format_text(text: str) -> str:
    """Format a TOML string (https://toml.io/en/v1.0.0#string), literal if that avoids escapes."""
    if not text.isprintable():
        return "".join(
            each if each.isprintable() else _escape_character(each)
            for each in json.dumps(text, ensure_ascii=False)
        )
    if ('"' in text or "\\" in text) and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)


def _escape_character(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _format_comment(text: str) -> str:
    """Format a comment; escape unprintable characters, for TOML and terminals."""
    return "# " + "".join(each if each.isprintable() else _escape_character(each) for each in text)
