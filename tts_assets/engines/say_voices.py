"""The voices of macOS's `say`, from the list that it prints of them."""

from __future__ import annotations

import re
import subprocess
import tempfile

from tts_assets.engines.process.supervisor import how, last_words
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.errors import FatalError

#: No list may keep a run waiting for longer.
_PATIENCE_SECONDS = 20.0


#: ``Kyoko    ja_JP    # こんにちは``: a name may hold blanks and brackets, and where it is long only
#: one blank parts it from the locale; that may be a language alone, have a script (``zh_Hans_CN``),
#: and go on behind the region: ``zh_CN_U_SD@sd=cnsc``.
_LINE = re.compile(
    r"(?P<name>\S.*?)\s+(?P<language>[a-z]{2,3})"
    r"(?:[_-](?P<script>[A-Z][a-z]{3})(?![A-Za-z0-9]))?"
    r"(?:[_-](?P<region>[A-Z]{2}|[0-9]{3})(?![A-Za-z0-9]))?"
    r"(?:[_@-][\w@=-]*)?\s+#(?P<sample>.*)"
)


#: The Japanese voice that comes with macOS; others are added by its owner.
_KYOKO = "Kyoko"


#: As whose macOS's Japanese voices are heard; their names may have (Enhanced) and the like behind.
_GENDERS = {_KYOKO: "female", "O-ren": "female", "Otoya": "male", "Hattori": "male"}


def list_say_voices(executable: str) -> tuple[VoiceInfo, ...]:
    """Every installed voice: the Japanese ones first, Kyoko before all, else in the list's order.

    Args:
        executable: the path of `say`.

    Raises:
        FatalError: it cannot be run, fails, takes too long, or prints something else.
    """
    voices = parse_voice_list(_run_voice_list(executable))
    if not voices:
        raise FatalError(
            f"{executable} -v '?' lists no voices, so it is not the say of macOS: "
            "take it out of PATH, or choose another provider"
        )
    return tuple(sorted(voices, key=_rank))


def parse_voice_list(listing: str) -> list[VoiceInfo]:
    """The voices of a list, each name once; lines of another shape are passed over."""
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


def _rank(voice: VoiceInfo) -> tuple[bool, bool, bool]:
    return (
        not voice.language.startswith("ja"),
        voice.name != _KYOKO,
        not voice.name.startswith(_KYOKO),
    )


def _run_voice_list(executable: str) -> str:
    # Files, not pipes: whatever the program leaves behind, nobody waits for it to close them.
    with tempfile.TemporaryFile() as listing, tempfile.TemporaryFile() as log:
        try:
            done = subprocess.run(
                [executable, "-v", "?"],
                stdin=subprocess.DEVNULL,
                stdout=listing,
                stderr=log,
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
        except OSError as exc:
            raise FatalError(f"{executable} cannot be started: {exc.strerror}") from exc
        except subprocess.TimeoutExpired as exc:
            raise FatalError(
                f"{executable} -v '?' listed no voices within {_PATIENCE_SECONDS:g} s: "
                "run it in a terminal to see what it waits for"
            ) from exc
        if done.returncode != 0:
            raise FatalError(
                f"{executable} -v '?' failed {how(done.returncode)}{last_words(log)}: "
                "run it in a terminal to see whether it is the say of macOS"
            )
        listing.seek(0)
        return listing.read().decode("utf-8", "replace")
