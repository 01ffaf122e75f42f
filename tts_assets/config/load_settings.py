"""Settings loaded from flags, environment and file, with errors that name the key."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tts_assets.config import keys
from tts_assets.config.option_table import FLAGS, NAMES_OR_PATHS, OPTIONS, PATHS, ROWS, TABLES
from tts_assets.config.option_values import BUCKET_SCHEMES
from tts_assets.config.settings import OVERRIDES, STATE_FOLDER, Settings
from tts_assets.errors import UsageError, show_value, suggest, suggest_names
from tts_assets.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tts_assets.model import DictionaryWord


#: The project's own file; a ``pyproject.toml`` with a ``[tool.tts-assets]`` table serves as well.
FILE = "tts-assets.toml"
_BRACKET = re.compile(r"[\[\]{}]")


def find(folder: Path) -> Path | None:
    """The file with the settings for a folder: in it or above; None where there is none."""
    for place in (folder, *folder.parents):
        # A pipe in its place is refused when it is read, and not passed over.
        if _is_there(path := place / FILE):
            return path
        pyproject = place / "pyproject.toml"
        if _is_there(pyproject) and _own_table(pyproject) is not None:
            return pyproject
    return None


def _is_there(path: Path) -> bool:
    return path.exists() and not path.is_dir()


def table_in(path: Path) -> dict[str, Any]:
    """The settings that a file holds.

    Raises:
        UsageError: it cannot be read, or is not TOML.
    """
    return (_own_table(path) or {}) if path.name == "pyproject.toml" else _toml(path)


def _own_table(pyproject: Path) -> dict[str, Any] | None:
    """``[tool.tts-assets]``; None when the project has nothing to say to us."""
    tool = _toml(pyproject).get("tool")
    table = tool.get("tts-assets") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(
            f"{pyproject}: tool.tts-assets is a {type(table).__name__}, but must be a table"
        )
    return table


def _toml(path: Path) -> dict[str, Any]:
    try:
        data = read_regular(path)
    except OSError as exc:
        raise UsageError(f"{path}: cannot be read: {exc.strerror}") from exc
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise UsageError(f"{path}:{line}: is not UTF-8: save it in UTF-8") from exc
    try:
        return tomllib.loads(text)
    except ValueError as exc:
        place = re.search(r" \(at line (\d+), column (\d+)\)$", str(exc))
        where = ":".join(place.groups()) if place else f"{text.count(chr(10)) + 1}:1"
        reason = str(exc)[: place.start()] if place else str(exc)
        raise UsageError(f"{path}:{where}: is not valid TOML: {reason}") from exc
    except RecursionError as exc:
        line, levels = _deepest_line(text)
        raise UsageError(
            f"{path}:{line}: lists and tables are nested {levels:,} levels deep, which "
            "exceeds the limit; remove that value"
        ) from exc


def _deepest_line(text: str) -> tuple[int, int]:
    """The line with the deepest nesting, and its levels; brackets in strings count, too."""
    level, found = 0, (1, 0)
    for number, line in enumerate(text.splitlines(), 1):
        for bracket in _BRACKET.findall(line):
            level = level + 1 if bracket in "[{" else max(0, level - 1)
            if level > found[1]:
                found = (number, level)
    return found


# The settings of a run, gathered: command line over environment over file over default.
_PREFIX = "TTS_ASSETS_"

#: Settings whose values are not shown when they are wrong.
_MAY_BE_SECRET = ("api-key-file", "base-url", "mirror")

#: Names that somebody would give to a key.
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
    """Gather the settings of a run.

    Args:
        flags: what was typed, by key; None for what was not.
        environment: the process's environment.
        folder: where to look for the file, here and upwards.
        config: the file to read instead.

    Raises:
        UsageError: an unknown key or a bad value, with the place it stands in.
    """
    values: dict[str, Any] = {}
    path = config or find(folder)
    if path is not None:
        table = table_in(path)
        _refuse_keys(table, str(path))
        values |= {field: _rows(table, name, path, parse) for name, field, parse in ROWS}
        _refuse_two_readings(values["words"], path)
        values |= {key: _parse_value(key, raw, str(path)) for key, raw in _in_file(table, path)}
        # It belongs to the project, from whichever of its folders a run is started.
        values.setdefault("overrides", OVERRIDES)
        values.setdefault("state", STATE_FOLDER)
        values |= {
            key: _from(path.parent, folder, values[key])
            for key in (*PATHS, *NAMES_OR_PATHS)
            if key in values and (key in PATHS or is_path(values[key]))
        }
        values["sources"] = tuple(
            replace(source, files=_from(path.parent, folder, source.files))
            for source in values["sources"]
        )
    values |= {key: _parse_value(key, raw, name) for key, name, raw in _in_environment(environment)}
    values |= {
        key: _parse_value(key, raw, f"--{key.rpartition('.')[2]}")
        for key, raw in flags.items()
        if key in OPTIONS and raw is not None
    }
    if os.path.isfile(output := values.get("output", "")):  # noqa: PTH113 - Path refuses some texts
        raise UsageError(f"output: {output} is a file, but must be a folder")
    found = keys.from_environment(environment)
    settings = _settings(values, found=found)
    switches: dict[str, Any] = {
        name.replace("-", "_"): bool(flags.get(name))
        for name in ("force", "deep", "accept-doubtful")
    }
    switches["partial"] = bool(flags.get("paths"))
    once = {
        field: _parse_value(key, flags[key], f"--{key}")
        for key, (field, _) in FLAGS.items()
        if flags.get(key) is not None
    }
    # For the engine of one run, it is typed for that run, and stands nowhere else.
    return replace(settings, api_key_file=flags.get("api-key-file"), **once, **switches)


def _settings(values: Mapping[str, Any], *, found: Mapping[str, keys.Secret]) -> Settings:
    rows = {field: values[field] for _, field, _ in ROWS if field in values}
    fields = {key: value for key, value in values.items() if key not in rows}
    by_table: dict[str, dict[str, Any]] = {name: {} for name in ("", *TABLES)}
    for key, value in fields.items():
        by_table[key.rpartition(".")[0]][OPTIONS[key][0]] = value
    top = by_table.pop("")
    tables = {name: TABLES[name](**inner) for name, inner in by_table.items()}
    return Settings(**top, **tables, **rows, keys=found)


def _parse_value(key: str, raw: Any, source: str) -> Any:
    parse = (OPTIONS | FLAGS)[key][1]
    try:
        return parse(raw)
    except UnicodeEncodeError as exc:
        raise UsageError(
            f"{source}: {key} contains bytes that are not UTF-8; write it in UTF-8"
        ) from exc
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as exc:
        # It may be a key, or an address with a password in it.
        if key.endswith(_MAY_BE_SECRET):
            raise UsageError(f"{source}: {key} must be {parse.__doc__}") from exc
        hint = _suggest_value(raw, parse.schema)
        raise UsageError(
            f"{source}: {key} is {_format_value(raw)}, but must be {parse.__doc__}{hint}"
        ) from exc


def _format_value(raw: Any) -> str:
    """A value as messages show it; of options that are repeated, each as it was typed."""
    if isinstance(raw, list) and raw and all(isinstance(each, str) for each in raw):
        return ", ".join(map(show_value, raw))
    return show_value(raw)


def _suggest_value(raw: Any, schema: Any) -> str:
    """The word that is nearest to the first wrong one, for settings whose values are words."""
    words = set(_iter_words(schema))
    given = raw.split(",") if isinstance(raw, str) else raw if isinstance(raw, list | tuple) else ()
    texts = (each.strip() for each in given if isinstance(each, str))
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


def _refuse_keys(table: Mapping[str, Any], source: str) -> None:
    """Files of settings are committed and shown around; a key in one is told, and never shown."""
    for name, value in table.items():
        if _LIKE_A_KEY.fullmatch(name):
            raise UsageError(f"{source}: {name} is not a setting: {keys.PLACES}")
        for row in value if isinstance(value, list) else [value]:
            for inner in row if isinstance(row, dict) else ():
                if _LIKE_A_KEY.fullmatch(inner):
                    raise UsageError(f"{source}: {name}.{inner} is not a setting: {keys.PLACES}")


def _rows(
    table: dict[str, Any], name: str, path: Path, parse: Callable[[object, str], Any]
) -> tuple[Any, ...]:
    """What stands in tables of which there may be several, such as ``[[source]]``."""
    rows = table.get(name, [])
    if not isinstance(rows, list):
        raise UsageError(
            f"{path}: {name} is {show_value(rows)}; write [[{name}]], in double brackets"
        )
    return tuple(parse(row, f"{path}: {name} {number}") for number, row in enumerate(rows, 1))


def _refuse_two_readings(words: tuple[DictionaryWord, ...], path: Path) -> None:
    """Only one of two could be said, and nobody would know which."""
    seen: dict[str, tuple[int, DictionaryWord]] = {}
    for number, word in enumerate(words, 1):
        first, other = seen.setdefault(word.surface, (number, word))
        if (word.reading, word.accent) != (other.reading, other.accent):
            raise UsageError(
                f"{path}: dictionary {first} and dictionary {number} both define "
                f"{word.surface!r}: {_fold_spelling(other)} and {_fold_spelling(word)}; "
                "keep one"
            )


def _fold_spelling(word: DictionaryWord) -> str:
    return word.reading if word.accent is None else f"{word.reading} with accent {word.accent}"


def _in_file(table: dict[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if name in {row for row, _, _ in ROWS}:
            continue
        if name in TABLES and isinstance(value, dict):
            for inner, raw in value.items():
                yield check_known(f"{name}.{inner}", str(path)), raw
        else:
            yield check_known(name, str(path)), value


def _in_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
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
        key: as it was written.
        source: where, for the message.
        flags: whether it may be one of those that only a single run has.

    Raises:
        UsageError: there is no such setting.
    """
    if key in OPTIONS or (flags and key in FLAGS):
        return key
    names = [*OPTIONS, *(FLAGS if flags else (name for name, _, _ in ROWS))]
    table = key.rpartition(".")[0]
    beside = [name for name in names if name.rpartition(".")[0] == table]
    tables = [] if table else [f"[{name}]" for name in TABLES]
    hint = suggest_names(key, names, others=f"there are: {', '.join(beside + tables)}")
    raise UsageError(f"{source}: there is no setting {show_value(key)}; {hint}")


def is_path(name_or_path: str) -> bool:
    """Whether a text that may be the name of a model is the path of a file."""
    return os.sep in name_or_path or "/" in name_or_path or name_or_path.endswith((".onnx", ".bin"))


def _from(base: Path, folder: Path, value: Any) -> Any:
    """Paths in a file are seen from that file; they stay short where that is the working folder."""
    if base == folder:
        return value
    if isinstance(value, str):
        is_elsewhere = value.startswith(("~", *BUCKET_SCHEMES))
        return value if is_elsewhere else str(base / value)
    return tuple(_from(base, folder, one) for one in value)
