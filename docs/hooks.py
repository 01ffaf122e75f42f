"""Fills the generated parts of the reference: commands from the program, settings from their schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer.main
from rich.markup import render

from tts_assets.cli.app import app
from tts_assets.cli.output.published_schemas import build_schema

if TYPE_CHECKING:
    from collections.abc import Iterator


def on_page_markdown(markdown: str, **_: object) -> str:
    """Replace the markers of a page; called by MkDocs."""
    for marker, build in (("commands", _commands), ("settings", _settings)):
        comment = f"<!-- generated: {marker} -->"
        if comment in markdown:
            markdown = markdown.replace(comment, "\n".join(build()))
    return markdown


def _commands() -> Iterator[str]:
    root = typer.main.get_command(app)
    yield from _command(root, "tts-assets", None)


def _command(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=name.rsplit(maxsplit=1)[-1], parent=parent)
    if parent is not None:
        usage = " ".join(command.collect_usage_pieces(context))
        yield from (f"## {name}", "", _paragraphs(command.help), "")
        yield from ("```text", f"{name} {usage}".strip(), "```", "")
        yield from _parameters(command, context)
        if command.epilog:
            yield from ("```console", *_examples(command.epilog), "```", "")
    for word, each in sorted(getattr(command, "commands", {}).items()):
        if not each.hidden:
            yield from _command(each, f"{name} {word}", context)


def _parameters(command: Any, context: Any) -> Iterator[str]:
    rows = [
        (_help_of(parameter), parameter)
        for parameter in command.get_params(context)
        if not getattr(parameter, "hidden", False) and "--help" not in parameter.opts
    ]
    if rows:
        yield from ("| option | meaning | default |", "|---|---|---|")
        for (options, meaning), parameter in rows:
            shown = parameter.show_default if isinstance(parameter.show_default, str) else ""
            default = f"`{shown}`" if shown.startswith("-") else _escape(shown)
            yield f"| `{_escape(options)}` | {_escape(meaning)} | {default} |"
        yield ""


def _help_of(parameter: Any) -> tuple[str, str]:
    if parameter.param_type_name == "argument":
        return (parameter.metavar or parameter.name).upper(), parameter.help or ""
    options = ", ".join([*parameter.opts, *parameter.secondary_opts])
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    return options + value, parameter.help or ""


def _examples(epilog: str) -> list[str]:
    return [f"$ {line}" for line in render(epilog).plain.splitlines() if line.startswith("tts-")]


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


def _settings() -> Iterator[str]:
    tables = build_schema("configuration")["properties"]
    single = {key: value for key, value in tables.items() if "properties" not in value}
    yield from _table("The run", "", single)
    for name, table in tables.items():
        if "properties" in table:
            yield from _table(f"[{name}]", f"{name}.", table["properties"])


def _table(title: str, prefix: str, settings: dict[str, Any]) -> Iterator[str]:
    yield from (f"## {title}", "", "| setting | values | default | meaning |", "|---|---|---|---|")
    for key, schema in settings.items():
        if schema.get("type") == "array" and "properties" in schema["items"]:
            continue
        default = f"`{json.dumps(schema['default'])}`" if "default" in schema else ""
        meaning = _escape(schema["description"])
        yield f"| `{prefix}{key}` | {_values(schema)} | {default} | {meaning} |"
    yield ""


def _values(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        # A list may also be written as text with commas, as in variables.
        kinds = [each for each in schema["anyOf"] if "pattern" not in each] or schema["anyOf"]
        return " or ".join(_values(each) for each in kinds)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema["type"] == "array":
        return f"list of {_values(schema['items'])}"
    words = {"string": "text", "boolean": "`true` or `false`", "object": "table"}
    kind = words.get(schema["type"], schema["type"])
    if "minimum" in schema:
        kind += f", {schema['minimum']:,.10g}" + (
            f" to {schema['maximum']:,.10g}" if "maximum" in schema else " or more"
        )
    return kind


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
