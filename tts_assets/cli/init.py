"""The command `init`: looks at files, and writes how they are read into a `tts-assets.toml`."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import typer

from tts_assets.cli.exit_code import ExitCode
from tts_assets.console import Show
from tts_assets.console.text import short
from tts_assets.domain import Clip
from tts_assets.errors import UsageError
from tts_assets.mapping import written
from tts_assets.propose import Proposal, Tally, propose, tally, toml_of
from tts_assets.settings import FILE, OutputFormat, load
from tts_assets.storage import write_whole
