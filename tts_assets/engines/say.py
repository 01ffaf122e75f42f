"""The voices of macOS through its command `say`: one process for each clip, nothing to install."""

from __future__ import annotations

import contextlib
import functools
import itertools
import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.engines.process.supervisor import describe_exit, read_stderr_tail, run_child
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.errors import ClipError, FatalError
from tts_assets.japanese.engine_notation import spell_in_kana
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import RestartTimer
    from tts_assets.model import DictionaryWord, SpokenForm, Voice


_LIST_SECONDS = 20.0  #: the time limit for listing voices

#: ``Kyoko    ja_JP    # こんにちは``: a name may contain spaces and parentheses, and a single space
#: separates a long one from the locale. A locale may be a language alone, have a script
#: (``zh_Hans_CN``), or more after the region: ``zh_CN_U_SD@sd=cnsc``.
_LINE = re.compile(
    r"(?P<name>\S.*?)\s+(?P<language>[a-z]{2,3})"
    r"(?:[_-](?P<script>[A-Z][a-z]{3})(?![A-Za-z0-9]))?"
    r"(?:[_-](?P<region>[A-Z]{2}|[0-9]{3})(?![A-Za-z0-9]))?"
    r"(?:[_@-][\w@=-]*)?\s+#(?P<sample>.*)"
)

_KYOKO = "Kyoko"  #: the Japanese voice that comes with macOS; users install others

#: The genders of macOS's Japanese voices, whose names may end in (Enhanced) and the like.
_GENDERS = {_KYOKO: "female", "O-ren": "female", "Otoya": "male", "Hattori": "male"}


def list_say_voices(executable: str) -> tuple[VoiceInfo, ...]:
    """List all installed voices: Kyoko, other Japanese ones, then the rest in the order of `say`.

    Raises:
        FatalError: `say` cannot be run, fails, times out, or prints another format.
    """
    voices = parse_voice_list(_run_voice_list(executable))
    if not voices:
        raise FatalError(
            f"{executable} -v '?' lists no voices, so it is not the say of macOS: remove it "
            "from PATH, or choose another engine"
        )
    return tuple(
        sorted(
            voices,
            key=lambda voice: (
                not voice.language.startswith("ja"),
                voice.name != _KYOKO,
                not voice.name.startswith(_KYOKO),
            ),
        )
    )


def parse_voice_list(listing: str) -> list[VoiceInfo]:
    """Parse a list of voices, each name once; skip lines in another format."""
    voices: dict[str, VoiceInfo] = {}
    for line in listing.split("\n"):
        if (found := _LINE.fullmatch(line.strip())) is not None:
            language = "-".join(filter(None, found.group("language", "script", "region")))
            info = VoiceInfo(
                name=found["name"],
                language=language,
                description=found["sample"].strip(),
                gender=_GENDERS.get(found["name"].partition(" (")[0], ""),
            )
            voices.setdefault(info.name, info)
    return list(voices.values())


def _run_voice_list(executable: str) -> str:
    # Files, not pipes: an orphaned grandchild could keep pipes open.
    with tempfile.TemporaryFile() as listing, tempfile.TemporaryFile() as log:
        try:
            done = subprocess.run(
                [executable, "-v", "?"],
                stdin=subprocess.DEVNULL,
                stdout=listing,
                stderr=log,
                timeout=_LIST_SECONDS,
                check=False,
            )
        except OSError as exc:
            raise FatalError(f"{executable} cannot be started: {exc.strerror}") from exc
        except subprocess.TimeoutExpired as exc:
            raise FatalError(
                f"{executable} -v '?' listed no voices within {_LIST_SECONDS:g} s: run "
                "it in a terminal to see what it is waiting for"
            ) from exc
        if done.returncode != 0:
            raise FatalError(
                f"{executable} -v '?' failed {describe_exit(done.returncode)}{read_stderr_tail(log)}: "
                "run it in a terminal to see whether it is the say of macOS"
            )
        listing.seek(0)
        return listing.read().decode("utf-8", "replace")


#: `say` refuses WAVE without a data format; it converts voices of other rates.
_SOUND = ("--file-format=WAVE", "--data-format=LEI16@22050")

#: The voice's own rate is unknown. Apple calls 150 to 180 words per minute typical (Inside
#: Macintosh: Sound, SetSpeechRate) and 180 to 220 average (NSSpeechSynthesizer, rate).
_WORDS_PER_MINUTE = 180
_SPEEDS = (0.25, 4.0)

#: Commands stand between [[ and ]] (Inside Macintosh: Sound, Writing Embedded Speech Commands), or
#: behind ESC for some voices. Brackets are removed, and characters that are normalised to them.
_COMMANDS = re.compile("[][\uff3b\uff3d\ufe47\ufe48\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_NO_WORDS = "say does not support [[dictionary]]: remove it, or choose another engine"


class MacOSSay:
    """The provider.

    `say` neither accepts nor reports readings and accents, so readings cannot be checked. Words are
    sent in kana, and only sentences as they are spelled.
    """

    name = "say"
    # Estimates, not measured on a Mac.
    base_mib = 20
    footprint_mib = 60

    def __init__(self, settings: Settings) -> None:
        """Start no process yet."""
        self._voice = settings.voice
        self._has_words = bool(settings.words)

    def problem(self) -> str | None:
        """None if `say` supports the settings; otherwise the problem and its remedy."""
        try:
            voices = self._say_voices
        except FatalError as exc:
            return str(exc)
        if self._voice is None and not voices[0].language.startswith("ja"):
            return (
                "no Japanese voice is installed: add one in System Settings, "
                "Accessibility, Spoken Content, System voice, Manage Voices"
            )
        return _NO_WORDS if self._has_words else None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The installed voices, the Japanese ones first.

        Raises:
            FatalError: `say` is missing, or does not list its voices.
        """
        return self._say_voices

    @functools.cached_property
    def _say_voices(self) -> tuple[VoiceInfo, ...]:
        return list_say_voices(_find_executable())

    def engine(self, voice: str) -> str:  # noqa: ARG002 - voices are renewed with the system
        """The version of macOS, as those of `say` and its voices are unknown."""
        return f"say macos={_find_macos_version()}"

    def accents(self, voice: str) -> bool:  # noqa: ARG002 - the same holds for all
        """Never: `say` does not accept accents."""
        return False

    def repeats(self, voice: str) -> bool:  # noqa: ARG002 - the same holds for all
        """Never, as it is unknown."""
        return False

    @contextlib.asynccontextmanager
    async def open(
        self,
        *,
        workers: int,
        timeout_seconds: float,  # noqa: ARG002 - a slow process can be killed at any time
        words: tuple[DictionaryWord, ...] = (),
    ) -> AsyncIterator[SaySpeaker]:
        """Create a folder for audio files; each clip starts a process.

        Raises:
            FatalError: `say` is missing, temporary files cannot be written, or there is a dictionary,
                which `say` does not support.
        """
        if words:
            raise FatalError(_NO_WORDS)
        executable = _find_executable()
        try:
            folder = tempfile.TemporaryDirectory(prefix="tts-assets-say-")
        except OSError as exc:
            raise FatalError(
                f"no temporary folder can be created ({exc.strerror}): free some space, or set TMPDIR"
            ) from exc
        with folder as path:
            yield SaySpeaker(executable, Path(path), anyio.CapacityLimiter(workers))


class SaySpeaker:
    """`say`, open for one run; it writes audio to the folder, which threads read."""

    def __init__(self, executable: str, folder: Path, threads: anyio.CapacityLimiter) -> None:
        self._executable = executable
        self._folder = folder
        self._threads = threads
        self._numbers = itertools.count()

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: RestartTimer = None
    ) -> Speech:
        """Synthesize a form in its own process, which ends with the call.

        Returns:
            float32 samples, shape (n,), full scale at -1..1; 22050 Hz; and no pronunciation, which
            `say` does not report.

        Raises:
            ClipError: the speed is out of range, or `say` fails or writes incomplete audio.
            FatalError: `say` cannot be started.
        """
        path = self._folder / f"{next(self._numbers)}.wav"
        command = [self._executable, "-v", voice.name, *_format_rate(voice.speed)]
        if restart_timer is not None:
            restart_timer()
        try:
            await _run_command([*command, "-f", "-", "-o", str(path), *_SOUND], _format_input(form))
            return await anyio.to_thread.run_sync(_read_sound, path, limiter=self._threads)
        finally:
            path.unlink(missing_ok=True)


def _find_executable() -> str:
    found = shutil.which("say")
    if found is not None:
        return found
    system = platform.system()
    if system == "Darwin":
        raise FatalError("there is no say in PATH: on macOS it is in /usr/bin, so add that to PATH")
    raise FatalError(
        f"say is part of macOS, but this is {system}: choose another engine, for example "
        "--provider openjtalk"
    )


@functools.cache
def _find_macos_version() -> str:
    return platform.mac_ver()[0] or "unknown"


def _format_rate(speed: float) -> list[str]:
    if speed == 1.0:
        return []
    slowest, fastest = _SPEEDS
    if not slowest <= speed <= fastest:
        raise ClipError(f"the speed is {speed:g}: choose one from {slowest:g} to {fastest:g}")
    return ["-r", str(round(_WORDS_PER_MINUTE * speed))]


def _format_input(form: SpokenForm) -> str:
    """The input of `say`: kana for a word, as `say` may read its kanji otherwise."""
    text = _COMMANDS.sub(" ", form.text if form.sentence else spell_in_kana(form))
    if not any(map(str.isalnum, text)):
        raise ClipError(f"there is nothing to speak in {form.text!r}")
    return text


async def _run_command(command: list[str], text: str) -> None:
    """Run a command with a text as input; cancelling kills it and all its children."""
    # Files, unlike pipes, need no reader tasks, however the process ends.
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as log:
        source.write(text.encode())
        source.seek(0)
        try:
            async with run_child(
                command, stdin=source, stdout=subprocess.DEVNULL, stderr=log
            ) as process:
                status = await process.wait()
        except OSError as exc:
            raise FatalError(f"{command[0]} can no longer be started: {exc.strerror}") from exc
        if status != 0:
            raise ClipError(f"say failed {describe_exit(status)}{read_stderr_tail(log)}")


def _read_sound(path: Path) -> Speech:
    from tts_assets.audio.codec import decode  # noqa: PLC0415 - heavy, and not needed to list voices

    data = path.read_bytes() if path.exists() else b""
    if not data:
        raise ClipError("say wrote no audio: the text may contain nothing that its voice can speak")
    expected_bytes = int.from_bytes(data[4:8], "little") + 8
    # libsndfile would accept a truncated file as complete.
    if data.startswith(b"RIFF") and len(data) < expected_bytes:
        raise ClipError(
            f"say wrote {len(data)} of {expected_bytes} bytes of audio: the disk may be full"
        )
    samples, rate_hz = decode(data)
    return Speech(samples=samples, rate_hz=rate_hz)
