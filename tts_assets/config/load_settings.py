"""Settings loaded from flags, environment and file, with errors that name the key."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.config import keys
from tts_assets.config.option_table import FLAGS, NAMES_OR_PATHS, OPTIONS, PATHS, ROWS
from tts_assets.config.option_values import BUCKET_SCHEMES
from tts_assets.config.settings import OVERRIDES, STATE_FOLDER, TABLES, Settings
from tts_assets.errors import UsageError, show_value, suggest, suggest_names
from tts_assets.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tts_assets.model import DictionaryWord


#: The project's own file; a ``pyproject.toml`` with a ``[tool.tts-assets]`` table serves as well.
FILE = "tts-assets.toml"
_BRACKET = re.compile(r"[\[\]{}]")
#: The beginning of a table or of a value; a line within a text may look like one.
_STATEMENT = re.compile(r"\[\[?([\w\s.\"'-]+)\]\]?\s*(?:#.*)?$|([\w\s.\"'-]+)=")
_QUOTES_AND_BLANKS = re.compile(r"[\s\"']")


def find(folder: Path) -> Path | None:
    """The settings file of a folder, from it or the folders above; None if there is none."""
    for place in (folder, *folder.parents):
        # A pipe counts as found, so that reading it is refused instead of skipped.
        if _exists_as_file(path := place / FILE):
            return path
        pyproject = place / "pyproject.toml"
        if _exists_as_file(pyproject):
            table = _parse_toml(_read_text(pyproject), pyproject)
            if _find_tool_table(table, pyproject) is not None:
                return pyproject
    return None


def _exists_as_file(path: Path) -> bool:
    return path.exists() and not path.is_dir()


class _SettingsFile(NamedTuple):
    """The settings in a file, and the lines that define them."""

    path: Path
    table: dict[str, Any]
    lines: dict[str, list[int]]

    def locate(self, key: str, row: int = 0) -> str:
        """The file and the line of a key, or of a row of an array of tables."""
        lines = self.lines.get(key) or self.lines.get(key.partition(".")[0])
        return f"{self.path}:{lines[min(row, len(lines) - 1)]}" if lines else str(self.path)


def _read_settings(path: Path) -> _SettingsFile:
    """Read the settings of a file.

    Raises:
        UsageError: the file cannot be read, or is not TOML.
    """
    text = _read_text(path)
    table = _parse_toml(text, path)
    lines = _index_lines(text)
    if path.name != "pyproject.toml":
        return _SettingsFile(path, table, lines)
    prefix = "tool.tts-assets."
    own_lines = {
        key.removeprefix(prefix): found for key, found in lines.items() if key.startswith(prefix)
    }
    return _SettingsFile(path, _find_tool_table(table, path) or {}, own_lines)


def _find_tool_table(table: dict[str, Any], path: Path) -> dict[str, Any] | None:
    """The ``[tool.tts-assets]`` table; None if there is none."""
    tool = table.get("tool")
    own = tool.get("tts-assets") if isinstance(tool, dict) else None
    if own is not None and not isinstance(own, dict):
        raise UsageError(f"{path}: tool.tts-assets is a {type(own).__name__}, but must be a table")
    return own


def _read_text(path: Path) -> str:
    try:
        data = read_regular(path)
    except OSError as exc:
        raise UsageError(f"{path}: cannot be read: {exc.strerror}") from exc
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise UsageError(f"{path}:{line}: is not UTF-8: save it in UTF-8") from exc


def _parse_toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as exc:
        place = re.search(r" \(at line (\d+), column (\d+)\)$", str(exc))
        where = ":".join(place.groups()) if place else f"{text.count(chr(10)) + 1}:1"
        reason = str(exc)[: place.start()] if place else str(exc)
        raise UsageError(f"{path}:{where}: is not valid TOML: {reason}") from exc
    except RecursionError as exc:
        line, levels = _find_deepest_line(text)
        raise UsageError(
            f"{path}:{line}: lists and tables are nested {levels:,} levels deep, which "
            "exceeds the limit; remove that value"
        ) from exc


def _index_lines(text: str) -> dict[str, list[int]]:
    """The numbers of the lines that begin tables and keys, by their dotted names."""
    lines: dict[str, list[int]] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if found := _STATEMENT.match(line.strip()):
            header, key = (_QUOTES_AND_BLANKS.sub("", name or "") for name in found.groups())
            table = header or table
            name = header or f"{table}.{key}".lstrip(".")
            lines.setdefault(name, []).append(number)
    return lines


def _find_deepest_line(text: str) -> tuple[int, int]:
    """The line with the deepest nesting, and its levels; brackets in strings count, too."""
    level, deepest = 0, (1, 0)
    for number, line in enumerate(text.splitlines(), 1):
        for bracket in _BRACKET.findall(line):
            level = level + 1 if bracket in "[{" else max(0, level - 1)
            if level > deepest[1]:
                deepest = (number, level)
    return deepest


# Precedence: command line, environment, file, default.
_PREFIX = "TTS_ASSETS_"

#: Settings whose invalid values are not shown.
_MAY_BE_SECRET = ("api-key-file", "base-url", "mirror")

#: Likely names for an API key.
_LIKE_A_KEY = re.compile(
    r"(?:.*api[-_]?|(?:.*[-_.])?)keys?|(?:.*[-_.])?(?:tokens?|secrets?|passwords?)", re.IGNORECASE
)


def load(
    *,
    flags: Mapping[str, Any],
    environment: Mapping[str, str],
    folder: Path,
    config: Path | None = None,
) -> Settings:
    """Load the settings of a run.

    Args:
        flags: command-line options by key; None for options that were not given.
        environment: the process's environment.
        folder: the first folder to search for the file; those above it follow.
        config: the file to read instead.

    Raises:
        UsageError: a key is unknown or a value is invalid; the message names its location.
    """
    values: dict[str, Any] = {}
    path = config or find(folder)
    if path is not None:
        file = _read_settings(path)
        _refuse_keys(file)
        values |= {field: _parse_rows(file, name, parse) for name, field, parse in ROWS}
        _refuse_conflicting_words(values["words"], file)
        values |= {
            key: _parse_value(key, raw, f"{file.locate(key)}: {key}")
            for key, raw in _iter_file_values(file)
        }
        # Relative to the project, whichever of its folders a run is started from.
        values.setdefault("overrides", OVERRIDES)
        values.setdefault("state", STATE_FOLDER)
        values |= {
            key: _resolve_paths(path.parent, folder, values[key])
            for key in (*PATHS, *NAMES_OR_PATHS)
            if key in values and (key in PATHS or is_path(values[key]))
        }
        values["sources"] = tuple(
            replace(source, files=_resolve_paths(path.parent, folder, source.files))
            for source in values["sources"]
        )
    for key, name, raw in _iter_environment_values(environment):
        value = _parse_value(key, raw, name)
        values[key] = _resolve_paths(folder, folder, value) if key in PATHS else value
    values |= {
        key: _parse_value(key, raw, f"--{key.rpartition('.')[2]}")
        for key, raw in flags.items()
        if key in OPTIONS and raw is not None
    }
    environment_keys = keys.from_environment(environment)
    settings = _build_settings(values, secrets=environment_keys)
    if "output" in values:
        _refuse_file(settings)
    switches: dict[str, Any] = {
        name.replace("-", "_"): bool(flags.get(name))
        for name in ("force", "deep", "accept-doubtful")
    }
    switches["partial"] = bool(flags.get("paths"))
    per_run = {
        field: _parse_value(key, flags[key], f"--{key}")
        for key, (field, _) in FLAGS.items()
        if flags.get(key) is not None
    }
    # The key file of one run is an option of the command line only.
    return replace(settings, api_key_file=flags.get("api-key-file"), **per_run, **switches)


def _refuse_file(settings: Settings) -> None:
    """Refuse a file in place of the folder for assets or, with a bucket, of the ledger's folder."""
    folder = settings.state_folder
    if os.path.lexists(folder) and not os.path.isdir(folder):  # noqa: PTH112 - Path refuses some texts
        name = "output" if settings.bucket_url is None else "state"
        what = "a file" if os.path.exists(folder) else "a link that leads nowhere"  # noqa: PTH110
        raise UsageError(f"{name}: {folder} is {what}, but must be a folder")


def _build_settings(values: Mapping[str, Any], *, secrets: Mapping[str, keys.Secret]) -> Settings:
    rows = {field: values[field] for _, field, _ in ROWS if field in values}
    fields = {key: value for key, value in values.items() if key not in rows}
    by_table: dict[str, dict[str, Any]] = {name: {} for name in ("", *TABLES)}
    for key, value in fields.items():
        by_table[key.rpartition(".")[0]][OPTIONS[key][0]] = value
    top = by_table.pop("")
    tables = {name: TABLES[name](**inner) for name, inner in by_table.items()}
    return Settings(**top, **tables, **rows, keys=secrets)


def _parse_value(key: str, raw: Any, name: str) -> Any:
    """Parse the value of a key; ``name`` is that of its place, for messages."""
    parse = (OPTIONS | FLAGS)[key][1]
    try:
        return parse(raw)
    except UnicodeEncodeError as exc:
        raise UsageError(f"{name} contains bytes that are not UTF-8; write it in UTF-8") from exc
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as exc:
        # The value may be a key, or a URL with a password.
        if key.endswith(_MAY_BE_SECRET):
            raise UsageError(f"{name} must be {parse.__doc__}") from exc
        hint = _suggest_value(raw, parse.schema)
        raise UsageError(
            f"{name} is {_format_value(raw)}, but must be {parse.__doc__}{hint}"
        ) from exc


def _format_value(raw: Any) -> str:
    """A value as shown in messages; the values of a repeated option are shown one by one."""
    if isinstance(raw, list) and raw and all(isinstance(each, str) for each in raw):
        return ", ".join(map(show_value, raw))
    return show_value(raw)


def _suggest_value(raw: Any, schema: Any) -> str:
    """A hint with the word nearest to the first invalid one, for settings whose values are words."""
    words = set(_iter_words(schema))
    typed_values = (
        raw.split(",") if isinstance(raw, str) else raw if isinstance(raw, list | tuple) else ()
    )
    texts = (each.strip() for each in typed_values if isinstance(each, str))
    return next(
        (hint for each in texts if each not in words and (hint := suggest(each, words))), ""
    )


def _iter_words(schema: Any) -> Iterator[str]:
    """The texts that a schema enumerates."""
    if isinstance(schema, dict):
        yield from (word for word in schema.get("enum", ()) if isinstance(word, str))
        schema = list(schema.values())
    if isinstance(schema, list):
        for each in schema:
            yield from _iter_words(each)


def _refuse_keys(file: _SettingsFile) -> None:
    """Refuse API keys in a settings file, which may be committed; their values are never shown."""
    for name, value in file.table.items():
        rows = value if isinstance(value, list) else [value]
        inner = [(f"{name}.{own}", own) for row in rows if isinstance(row, dict) for own in row]
        for key, own in ((name, name), *inner):
            if _LIKE_A_KEY.fullmatch(own):
                raise UsageError(f"{file.locate(key)}: {key} is not a setting: {keys.PLACES}")


def _parse_rows(
    file: _SettingsFile, name: str, parse: Callable[[object, str], Any]
) -> tuple[Any, ...]:
    """Parse an array of tables, such as ``[[source]]``."""
    rows = file.table.get(name, [])
    if not isinstance(rows, list):
        raise UsageError(
            f"{file.locate(name)}: {name} is {show_value(rows)}; write [[{name}]], in double brackets"
        )
    return tuple(
        parse(row, f"{file.locate(name, place)}: {name} {place + 1}")
        for place, row in enumerate(rows)
    )


def _refuse_conflicting_words(words: tuple[DictionaryWord, ...], file: _SettingsFile) -> None:
    """Refuse two definitions of one spelling: it would be unclear which one applies."""
    seen: dict[str, tuple[int, DictionaryWord]] = {}
    for number, word in enumerate(words, 1):
        first, other = seen.setdefault(word.surface, (number, word))
        if (word.reading, word.accent) != (other.reading, other.accent):
            raise UsageError(
                f"{file.locate('dictionary', number - 1)}: dictionary {first} and dictionary {number} both define "
                f"{word.surface!r}: {_format_reading(other)} and {_format_reading(word)}; "
                "keep one"
            )


def _format_reading(word: DictionaryWord) -> str:
    return word.reading if word.accent is None else f"{word.reading} with accent {word.accent}"


def _iter_file_values(file: _SettingsFile) -> Iterator[tuple[str, Any]]:
    for name, value in file.table.items():
        if name in {row for row, _, _ in ROWS}:
            continue
        values = {name: value}
        if name in TABLES and isinstance(value, dict):
            values = {f"{name}.{inner}": raw for inner, raw in value.items()}
        for key, raw in values.items():
            yield check_known(key, file.locate(key)), raw


def _iter_environment_values(environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    names = {_PREFIX + key.upper().replace(".", "_").replace("-", "_"): key for key in OPTIONS}
    for name, value in environment.items():
        if not name.startswith(_PREFIX):
            continue
        if name not in names:
            if _LIKE_A_KEY.fullmatch(name):
                raise UsageError(f"the environment variable {name} is not read: {keys.PLACES}")
            hint = suggest_names(name, names, others="remove it")
            raise UsageError(f"unknown environment variable {name}; {hint}")
        if value != "":
            yield names[name], name, value


def check_known(key: str, source: str, *, flags: bool = False) -> str:
    """The key of a setting.

    Args:
        key: the key as written.
        source: its location, for the message.
        flags: whether options of the command line only are accepted.

    Raises:
        UsageError: there is no such setting.
    """
    if key in OPTIONS or (flags and key in FLAGS):
        return key
    names = [*OPTIONS, *(FLAGS if flags else (name for name, _, _ in ROWS))]
    table = key.rpartition(".")[0]
    siblings = [name for name in names if name.rpartition(".")[0] == table]
    tables = [] if table else [f"[{name}]" for name in TABLES]
    hint = suggest_names(key, names, others=f"there are: {', '.join(siblings + tables)}")
    raise UsageError(f"{source}: there is no setting {show_value(key)}; {hint}")


def is_path(name_or_path: str) -> bool:
    """Whether a text is a path rather than the name of a model."""
    return os.sep in name_or_path or "/" in name_or_path or name_or_path.endswith((".onnx", ".bin"))


def _resolve_paths(base: Path, folder: Path, value: Any) -> Any:
    """Resolve paths relative to their settings file; they stay short if it is in the working folder.

    A shell would have replaced "~", but here it would be a folder of that name.
    """
    if not isinstance(value, str):
        return tuple(_resolve_paths(base, folder, one) for one in value)
    if value.startswith("~"):
        return os.path.expanduser(value)  # noqa: PTH111 - Path raises for a user without a home
    if base == folder or value.startswith(BUCKET_SCHEMES):
        return value
    return str(base / value)
