"""What a run is told to do, gathered once: command line over environment over file over default."""

from __future__ import annotations

import difflib
import math
import os
import tomllib
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from tts_assets.domain import Format, Kind, Sound
from tts_assets.errors import UsageError
from tts_assets.japanese.words import word_of
from tts_assets.mapping import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tts_assets.domain import DictionaryWord
    from tts_assets.mapping import Source

#: The project's own file; a ``pyproject.toml`` with a ``[tool.tts-assets]`` table serves as well.
FILE = "tts-assets.toml"
PREFIX = "TTS_ASSETS_"


class Progress(StrEnum):
    """How the command line shows that work goes on."""

    AUTO = "auto"
    BAR = "bar"
    LINES = "lines"
    NONE = "none"


class OutputFormat(StrEnum):
    """What the command line writes to standard output."""

    TEXT = "text"
    JSON = "json"
    #: Annotations of a GitHub workflow, from ``lint``; other commands write text.
    GITHUB = "github"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is told to do.

    Args:
        paths: catalogues, and folders of them; empty for the files of the sources, or ``data``
            where there are none.
        kinds: the kinds to take; empty for all.
        provider: the engine's name.
        voice: the voice's name; None for the engine's default.
        speed: 1.0 is the voice's own pace.
        concurrency: clips at once; None for as many as the machine can feed.
        timeout_seconds: what one clip may take.
        output: the folder of the assets.
        asset: template of their paths, with ``{kind}``, ``{recipe}``, ``{id}``, ``{part}`` and
            ``{ext}``.
        url: template of their addresses, with the same and ``{asset}``.
        sources: how catalogues of other shapes are read.
        words: the user's own dictionary.
        sound: how assets sound and are stored.
        update_json: whether URLs are written into the catalogues.
        max_failures: the run ends after that many failed clips; None for never.
        force: remake what is fresh.
        batch_mode: an outer batch runner owns the cores, so None means one clip at a time.
        progress: for the command line only.
        output_format: for the command line only.
    """

    paths: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    provider: str = "openjtalk"
    voice: str | None = None
    speed: float = 1.0
    concurrency: int | None = None
    timeout_seconds: float = 60.0
    output: str = "audio"
    asset: str = "{kind}/{recipe}.{ext}"
    url: str = "/audio/{asset}"
    sources: tuple[Source, ...] = ()
    words: tuple[DictionaryWord, ...] = ()
    sound: Sound = field(default_factory=Sound)
    update_json: bool = True
    max_failures: int | None = None
    force: bool = False
    batch_mode: bool = False
    progress: Progress = Progress.AUTO
    output_format: OutputFormat = OutputFormat.TEXT

    def __post_init__(self) -> None:
        """Refuse what cannot be meant; programs do not come through ``load``.

        Raises:
            UsageError: a value is out of its bounds, or of another type.
        """
        wrong = [
            name
            for name, right in (
                ("paths", isinstance(self.paths, tuple)),
                ("kinds", all(isinstance(kind, Kind) for kind in self.kinds)),
                ("speed", 0.25 <= self.speed <= 4),
                ("concurrency", self.concurrency is None or self.concurrency >= 1),
                ("timeout_seconds", 0 < self.timeout_seconds < math.inf),
                ("max_failures", self.max_failures is None or self.max_failures >= 1),
            )
            if not right
        ]
        if wrong:
            values = ", ".join(f"{name}={getattr(self, name)!r}" for name in wrong)
            raise UsageError(f"settings out of bounds: {values}")


_Parse: TypeAlias = "Callable[[Any], Any]"


def _number(low: float, high: float, *, whole: bool = False) -> _Parse:
    def parse(value: Any) -> float:
        number = float(value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise TypeError
        if not math.isfinite(number) or not low <= number <= high or (whole and number % 1):
            raise ValueError
        return int(number) if whole else float(number)

    parse.__doc__ = f"a {'whole ' if whole else ''}number from {low:g} to {high:g}"
    return parse


def _or(word: str, other: _Parse) -> _Parse:
    def parse(value: Any) -> Any:
        return None if value == word else other(value)

    parse.__doc__ = f"{word!r} or {other.__doc__}"
    return parse


def _one_of(choices: type[StrEnum]) -> _Parse:
    def parse(value: Any) -> StrEnum:
        return choices(value)

    parse.__doc__ = f"one of {', '.join(choices)}"
    return parse


def _many_of(parse_one: _Parse) -> _Parse:
    def parse(value: Any) -> tuple[Any, ...]:
        values = value.split(",") if isinstance(value, str) else value
        if not isinstance(values, list | tuple):
            raise TypeError
        return tuple(parse_one(one.strip() if isinstance(one, str) else one) for one in values)

    parse.__doc__ = f"a list, each {parse_one.__doc__}"
    return parse


def _text(value: Any) -> str:
    """text that is not empty"""  # noqa: D403, D415 - it completes a sentence
    if not isinstance(value, str):
        raise TypeError
    if not value.strip():
        raise ValueError
    return value


def _switch(value: Any) -> bool:
    """true or false"""  # noqa: D403, D415 - see _text
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return value if isinstance(value, bool) else words[value.lower()]


def _kinds(value: Any) -> tuple[Kind, ...]:
    values = _many_of(_text)(value)
    return () if "all" in values else tuple(Kind(one) for one in values)


_kinds.__doc__ = f"all, or some of {', '.join(Kind)}"

#: Every setting: its key in the file, the field it fills, and how its value is understood.
OPTIONS: dict[str, tuple[str, _Parse]] = {
    "paths": ("paths", _many_of(_text)),
    "type": ("kinds", _kinds),
    "provider": ("provider", _text),
    "voice": ("voice", _text),
    "speed": ("speed", _number(0.25, 4.0)),
    "concurrency": ("concurrency", _or("auto", _number(1, 256, whole=True))),
    "timeout": ("timeout_seconds", _number(0.1, 86_400)),
    "output": ("output", _text),
    "asset": ("asset", _text),
    "url": ("url", _text),
    "update-json": ("update_json", _switch),
    "max-failures": ("max_failures", _number(1, 10**9, whole=True)),
    "batch-mode": ("batch_mode", _switch),
    "progress": ("progress", _one_of(Progress)),
    "output-format": ("output_format", _one_of(OutputFormat)),
    "sound.format": ("format", _one_of(Format)),
    "sound.rate": ("rate_hz", _number(8_000, 48_000, whole=True)),
    "sound.lufs": ("lufs", _number(-50, -5)),
    "sound.peak": ("peak_dbtp", _number(-20, 0)),
    "sound.lead": ("lead_ms", _number(0, 5_000, whole=True)),
    "sound.trail": ("trail_ms", _number(0, 5_000, whole=True)),
    "sound.bitrate": ("bitrate_kbps", _number(8, 320, whole=True)),
    "sound.vorbis-quality": ("vorbis_quality", _number(0, 1)),
}

#: Tables of which a file may have several: their name, and the field that they fill.
_ROWS: tuple[tuple[str, str, Callable[[object, str], Any]], ...] = (
    ("source", "sources", source_of),
    ("dictionary", "words", word_of),
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
        table = _table(path)
        values |= {field: _rows(table, name, path, parse) for name, field, parse in _ROWS}
        _refuse_two_readings(values["words"], path)
        values |= {key: _parsed(key, raw, str(path)) for key, raw in _in_file(table, path)}
        values |= {
            key: _from(path.parent, folder, values[key])
            for key in ("paths", "output")
            if key in values
        }
        values["sources"] = tuple(
            replace(source, files=_from(path.parent, folder, source.files))
            for source in values["sources"]
        )
    values |= {key: _parsed(key, raw, name) for key, name, raw in _in_environment(environment)}
    values |= {
        key: _parsed(key, raw, f"--{key.removeprefix('sound.')}")
        for key, raw in flags.items()
        if key in OPTIONS and raw is not None
    }
    _refuse_file(values.get("output"))
    return _settings(values, force=bool(flags.get("force")))


def _settings(values: Mapping[str, Any], *, force: bool) -> Settings:
    rows = {field: values[field] for _, field, _ in _ROWS if field in values}
    fields = {key: value for key, value in values.items() if key not in rows}
    sound = {OPTIONS[key][0]: value for key, value in fields.items() if key.startswith("sound.")}
    rest = {OPTIONS[key][0]: value for key, value in fields.items() if not key.startswith("sound.")}
    return Settings(**rest, **rows, sound=Sound(**sound), force=force)


def _parsed(key: str, raw: Any, source: str) -> Any:
    parse = OPTIONS[key][1]
    try:
        return parse(raw)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as exc:
        raise UsageError(f"{source}: {key} is {raw!r}, and must be {parse.__doc__}") from exc


def find(folder: Path) -> Path | None:
    """The file with the settings for a folder: in it or above; None where there is none."""
    for place in (folder, *folder.parents):
        if (path := place / FILE).is_file():
            return path
        pyproject = place / "pyproject.toml"
        if pyproject.is_file() and _own_table(pyproject) is not None:
            return pyproject
    return None


def _table(path: Path) -> dict[str, Any]:
    return (_own_table(path) or {}) if path.name == "pyproject.toml" else _toml(path)


def _rows(
    table: dict[str, Any], name: str, path: Path, parse: Callable[[object, str], Any]
) -> tuple[Any, ...]:
    """What stands in tables of which there may be several, such as ``[[source]]``."""
    rows = table.get(name, [])
    if not isinstance(rows, list):
        raise UsageError(f"{path}: {name} is {rows!r}; write [[{name}]], in double brackets")
    return tuple(parse(row, f"{path}: {name} {number}") for number, row in enumerate(rows, 1))


def _refuse_two_readings(words: tuple[DictionaryWord, ...], path: Path) -> None:
    """Only one of two could be said, and nobody would know which."""
    seen: dict[str, tuple[int, DictionaryWord]] = {}
    for number, word in enumerate(words, 1):
        first, other = seen.setdefault(word.surface, (number, word))
        if (word.reading, word.accent) != (other.reading, other.accent):
            raise UsageError(
                f"{path}: dictionary {first} and dictionary {number} both say how {word.surface!r} "
                f"is read: {_heard(other)} and {_heard(word)}; keep one"
            )


def _heard(word: DictionaryWord) -> str:
    return word.reading if word.accent is None else f"{word.reading} with accent {word.accent}"


def _refuse_file(output: str | None) -> None:
    if output is not None and os.path.isfile(output):  # noqa: PTH113 - Path refuses some texts
        raise UsageError(f"output: {output} is a file, and must be a folder")


def _in_file(table: dict[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if name in {row for row, _, _ in _ROWS}:
            continue
        if name == "sound" and isinstance(value, dict):
            for inner, raw in value.items():
                yield _known(f"sound.{inner}", str(path)), raw
        else:
            yield _known(name, str(path)), value


def _own_table(pyproject: Path) -> dict[str, Any] | None:
    """``[tool.tts-assets]``; None when the project has nothing to say to us."""
    tool = _toml(pyproject).get("tool")
    table = tool.get("tts-assets") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{pyproject}: tool.tts-assets is {table!r}, and must be a table")
    return table


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as exc:
        raise UsageError(f"{path}: cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise UsageError(f"{path}: is not valid TOML: {exc}") from exc


def _in_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    names = {PREFIX + key.upper().replace(".", "_").replace("-", "_"): key for key in OPTIONS}
    for name, value in environment.items():
        if not name.startswith(PREFIX):
            continue
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
            raise UsageError(f"the environment has {name}, which is none of ours; meant {close}?")
        if value != "":
            yield names[name], name, value


def _known(key: str, source: str) -> str:
    if key in OPTIONS:
        return key
    names = [*OPTIONS, *(name for name, _, _ in _ROWS)]
    close = difflib.get_close_matches(key, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(names)}"
    raise UsageError(f"{source}: there is no setting {key!r}{hint}")


def _from(base: Path, folder: Path, value: Any) -> Any:
    """Paths in a file are seen from that file; they stay short where that is the working folder."""
    if base == folder:
        return value
    return str(base / value) if isinstance(value, str) else tuple(str(base / one) for one in value)
