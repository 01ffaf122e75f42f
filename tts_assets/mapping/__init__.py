"""Any catalogue: how its records, texts and URLs are found, built-in or told by the configuration."""

from tts_assets.mapping.builtin import BUILT_IN, OVERRIDE, is_built_in, kinds_like
from tts_assets.mapping.path import (
    KEY,
    Path,
    PathError,
    ShapeError,
    Step,
    a,
    found,
    parse_path,
    shown,
    written,
)
from tts_assets.mapping.source import (
    FIELDS,
    ROOT_LIST,
    Alternatives,
    ClipRule,
    Id,
    IdFrom,
    Overwrite,
    Say,
    Skip,
    Source,
)
from tts_assets.mapping.table import source_of
from tts_assets.mapping.targets import paths_read

__all__ = [
    "BUILT_IN",
    "FIELDS",
    "KEY",
    "OVERRIDE",
    "ROOT_LIST",
    "Alternatives",
    "ClipRule",
    "Id",
    "IdFrom",
    "Overwrite",
    "Path",
    "PathError",
    "Say",
    "ShapeError",
    "Skip",
    "Source",
    "Step",
    "a",
    "found",
    "is_built_in",
    "kinds_like",
    "parse_path",
    "paths_read",
    "shown",
    "source_of",
    "written",
]
