"""Halves of real speech, framed as if they were whole: how many are refused, and how many whole ones.

    python campaigns/halves.py              # OpenJTalk's voices, about ten minutes
    python campaigns/halves.py --kokoro kokoro-v1.0.int8.onnx voices.npz   # two voices of Kokoro
    python campaigns/halves.py --smoke      # a few seconds

Sentences and words of data/ are said, encoded as services do, and sent by a server on this machine to both
providers, `openai` and `elevenlabs`. The halves are those of the first sentences: cut in the middle of the
bytes, and at random between 35 and 65 % of them. In rows marked "stopped" it is the speech that is cut, and the
file around it is whole. Every second half comes with its length, the others in chunks.

Column "first": each half is the first sound of a run. Column "later": whole sounds came before. "By file" tells how
many of the first are refused for what their container counts; the others are refused for how they end, or how little
they say. The exit code is 1 if less than 99 % are refused in either column, or one whole sound is.
"""

from __future__ import annotations

import argparse
import io
import random
import struct
import sys
from collections import Counter
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
import lameenc
import numpy as np
import soundfile
import soxr

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.engines.loopback import Loopback, LoopbackReply, loopback
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.config.keys import Secret
from tts_assets.config.settings import (
    ElevenLabsSettings,
    KokoroSettings,
    OpenAISettings,
    RemoteSettings,
    Settings,
)
from tts_assets.engines import registry
from tts_assets.engines.elevenlabs import ElevenLabs
from tts_assets.engines.openai import OpenAI
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.errors import ClipError, FatalError
from tts_assets.model import SpokenForm, Voice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tts_assets.model import Samples, Speech

RATE_HZ = 24_000
LEAST_REFUSED = 0.99
#: Of the bytes, or of the speech.
FROM, TO = 0.35, 0.65
VOICE_ID = "Simulator00000000001"
LONGEST_TEXT = 60


class SampleSpeech(NamedTuple):
    """A text as a voice says it, full scale at -1..1."""

    form: SpokenForm
    samples: Samples


class Encoding(NamedTuple):
    """How a sound is sent.

    Args:
        name: of the row.
        encode: from samples to a body.
        format: what openai is asked for.
        output_format: what elevenlabs is asked for.
        is_stopped: the speech is cut before it is encoded, not the body.
    """

    name: str
    encode: Callable[[Samples], bytes]
    format: str
    output_format: str
    is_stopped: bool = False


class Sound(NamedTuple):
    """A text, all of its sound as a body, and halves of it."""

    form: SpokenForm
    whole: bytes
    halves: list[bytes]


class Tally(NamedTuple):
    """What became of halves, and of whole sounds."""

    first: Counter[str]
    later: Counter[str]
    whole: Counter[str]


def bare(samples: Samples) -> bytes:
    """16 bits, the low byte first."""
    return np.clip(np.rint(samples * 32_767), -32_768, 32_767).astype("<i2").tobytes()


def by_libsndfile(samples: Samples, *, container: str, subtype: str | None = None) -> bytes:
    """A file as libsndfile writes it, in blocks as libvorbis needs them."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", samplerate=RATE_HZ, channels=1, format=container, subtype=subtype
    ) as file:
        for start in range(0, samples.size, 1 << 14):
            file.write(samples[start : start + (1 << 14)])
    return buffer.getvalue()


def by_lame(samples: Samples) -> bytes:
    """An MP3 of a constant rate without a tag."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(RATE_HZ)
    encoder.set_bit_rate(64)
    return bytes(encoder.encode(bare(samples)) + encoder.flush())


def wav(samples: Samples, *, length: int | None = None) -> bytes:
    """A WAV file with this length in its header, or the true one."""
    data = bare(samples)
    data_size = len(data) if length is None else length
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    riff = data_size if data_size in (0, 0xFFFFFFFF) else data_size + 36
    return (
        struct.pack("<4sI4s", b"RIFF", riff, b"WAVE")
        + form
        + struct.pack("<4sI", b"data", data_size)
        + data
    )


def streamed_flac(samples: Samples) -> bytes:
    """A FLAC file without its length and its checksum."""
    data = bytearray(by_libsndfile(samples, container="FLAC", subtype="PCM_16"))
    data[21] &= 0xF0
    data[22:42] = bytes(20)
    return bytes(data)


TAGGED = partial(by_libsndfile, container="MP3")
OPUS = partial(by_libsndfile, container="OGG", subtype="OPUS")
VORBIS = partial(by_libsndfile, container="OGG", subtype="VORBIS")
FLAC = partial(by_libsndfile, container="FLAC", subtype="PCM_16")
FILE = "mp3_44100_128"
ENCODINGS = (
    Encoding("mp3 with a tag", TAGGED, "mp3", FILE),
    Encoding("mp3 without", by_lame, "mp3", FILE),
    Encoding("opus", OPUS, "opus", "opus_48000_64"),
    Encoding("ogg vorbis", VORBIS, "opus", FILE),
    Encoding("wav, true length", wav, "wav", "wav_24000"),
    Encoding("wav, length 0", partial(wav, length=0), "wav", "wav_24000"),
    Encoding("wav, 0xFFFFFFFF", partial(wav, length=0xFFFFFFFF), "wav", "wav_24000"),
    Encoding("flac", FLAC, "flac", FILE),
    Encoding("flac, streamed", streamed_flac, "flac", FILE),
    Encoding("pcm", bare, "pcm", "pcm_24000"),
    Encoding("mp3, stopped", by_lame, "mp3", FILE, is_stopped=True),
    Encoding("opus, stopped", OPUS, "opus", "opus_48000_64", is_stopped=True),
    Encoding("wav, stopped", wav, "wav", "wav_24000", is_stopped=True),
)


class Bench:
    """Both providers, and the server that answers them."""

    def __init__(self, server: Loopback, readings: ReadingCache) -> None:
        self._server = server
        self._readings = readings
        self._count = 0

    async def measure(self, provider: str, encoding: Encoding, sounds: list[Sound]) -> Tally:
        """Send halves, each as the first sound of a run; then, in one run, whole sounds and halves."""
        tally = Tally(Counter(), Counter(), Counter())
        cut = [(form, half) for form, _, halves in sounds for half in halves]
        for form, half in cut:
            async with self._opened(provider, encoding) as speaker:
                tally.first[await self._outcome(speaker, form, half)] += 1
        async with self._opened(provider, encoding) as speaker:
            for form, body, _ in sounds:
                tally.whole[await self._outcome(speaker, form, body)] += 1
            for form, half in cut:
                tally.later[await self._outcome(speaker, form, half)] += 1
        return tally

    async def _outcome(self, speaker: Any, form: SpokenForm, body: bytes) -> str:
        """What became of a sound that is sent each time it is asked for."""
        self._count += 1
        self._server.asked.clear()
        self._server.replies = [LoopbackReply(body=body, chunked=self._count % 2 == 0)]
        try:
            await speaker.speak(form, Voice(provider="any", name=VOICE_ID))
        except (ClipError, FatalError) as exc:
            reason = str(exc)
        else:
            return "taken"
        if "incomplete" in reason:
            return "by file"
        assert "abruptly" in reason or "takes more than" in reason, reason
        return "by sound"

    @asynccontextmanager
    async def _opened(self, provider: str, encoding: Encoding) -> AsyncIterator[Any]:
        url, remote = self._server.url, RemoteSettings(rate_per_second=10_000)
        asked = ElevenLabsSettings(base_url=url, output_format=encoding.output_format)
        own = OpenAISettings(base_url=f"{url}/v1", response_format=encoding.format)
        settings = Settings(
            voice=VOICE_ID,
            keys={"elevenlabs": Secret("sk_campaign")},
            remote=remote,
            elevenlabs=asked,
            openai=own,
        )
        engine = OpenAI(settings) if provider == "openai" else ElevenLabs(settings)
        # Read once for all runs.
        engine._readings = self._readings
        async with engine.open(workers=1, timeout_seconds=60.0) as speaker:
            yield speaker


def all_forms() -> tuple[list[SpokenForm], list[SpokenForm]]:
    """Sentences and words of data/, in an order drawn by chance, always the same."""
    found: list[SpokenForm] = []
    for reader in open_catalogues(Settings(paths=(str(ROOT / "data"),)), LoadProblems()):
        found += [clip.form for clip in reader.iter_clips()]
    forms = [
        each for each in dict.fromkeys(found) if not each.turns and len(each.text) < LONGEST_TEXT
    ]
    random.Random(5).shuffle(forms)
    return [each for each in forms if each.sentence], [each for each in forms if not each.sentence]


async def say(
    provider: str, settings: Settings, voice: str, forms: list[SpokenForm]
) -> list[SampleSpeech]:
    """Texts as a voice of this machine says them, as loud and at the rate that services send."""
    async with registry.load_engine(provider, settings).open(
        workers=1, timeout_seconds=120.0
    ) as speaker:
        return [
            SampleSpeech(
                form, prepare(await speaker.speak(form, Voice(provider=provider, name=voice)))
            )
            for form in forms
        ]


def prepare(speech: Speech) -> Samples:
    """At 24 kHz, with a peak of 0.7."""
    resampled: Samples = soxr.resample(speech.samples, speech.rate_hz, RATE_HZ)
    return (resampled * (0.7 / np.abs(resampled).max())).astype(np.float32)


def encode_clip(clip: SampleSpeech, encoding: Encoding, cuts: int, chance: random.Random) -> Sound:
    """A clip as a service sends it, and cut as often as this."""
    whole = encoding.encode(clip.samples)
    shares = [0.5, *(chance.uniform(FROM, TO) for _ in range(cuts - 1))][:cuts]
    if encoding.is_stopped:
        size = clip.samples.size
        halves = [encoding.encode(clip.samples[: int(size * share)]) for share in shares]
    else:
        halves = [whole[: int(len(whole) * share)] for share in shares]
    return Sound(clip.form, whole, halves)


def row(name: str, tally: Tally) -> str:
    """A line of the table."""
    columns = [name, str(tally.first.total())]
    for found in (tally.first, tally.later):
        refused = found.total() - found["taken"]
        columns.append(f"{refused / found.total():.1%}")
    columns.append(str(tally.first["by file"]))
    columns.append(f"{tally.whole.total() - tally.whole['taken']} of {tally.whole.total()}")
    return "| " + " | ".join(columns) + " |"


def verdict(tallies: list[Tally]) -> bool:
    """Print the last rows; whether the product does what it should."""
    total = Tally(*(sum(column, Counter[str]()) for column in zip(*tallies, strict=True)))
    print(row("all", total))
    enough = all(
        found["taken"] <= (1 - LEAST_REFUSED) * found.total()
        for found in (total.first, total.later)
    )
    return enough and total.whole["taken"] == total.whole.total()


async def run(args: argparse.Namespace) -> bool:
    """Say, encode, cut, send and count."""
    sentences, words = all_forms()
    sentences = sentences[: max(args.halves, args.whole // 2)]
    forms = [*sentences, *words[: max(0, args.whole - len(sentences))]]
    told = ReadingCache()
    await told.read(forms, ())
    print("| voice, sound, service | halves | first | later | by file | whole ones refused |")
    print("|---|---|---|---|---|---|")
    tallies = []
    with loopback() as server:
        bench = Bench(server, told)
        for voice in find_voices(args):
            clips = await say(*voice, forms)
            for encoding in ENCODINGS:
                chance = random.Random(7)
                sounds = [
                    encode_clip(clip, encoding, args.cuts if at < args.halves else 0, chance)
                    for at, clip in enumerate(clips)
                ]
                for service in ("openai", "elevenlabs"):
                    tally = await bench.measure(service, encoding, sounds)
                    tallies.append(tally)
                    print(row(f"{voice[2]}, {encoding.name}, {service}", tally), flush=True)
    return verdict(tallies)


def find_voices(args: argparse.Namespace) -> list[tuple[str, Settings, str]]:
    """Providers of this machine, their settings, and the voices that speak."""
    settings, provider, voices = Settings(), "openjtalk", ["mei", "mei-low"]
    if args.kokoro:
        model, file = (str(Path(each).absolute()) for each in args.kokoro)
        settings = Settings(kokoro=KokoroSettings(model=model, voices=file))
        provider, voices = "kokoro", ["jf_alpha", "jm_kumo"]
    return [(provider, settings, voice) for voice in voices[: args.voices]]


def main() -> int:
    """Print the table; 1 if a half too many is taken, or a whole sound is refused."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--halves", type=int, default=50, help="sentences that are cut")
    parser.add_argument("--cuts", type=int, default=3, help="cuts of each")
    parser.add_argument("--whole", type=int, default=200, help="sentences and words that are not")
    parser.add_argument("--voices", type=int, default=2)
    parser.add_argument("--kokoro", nargs=2, metavar=("MODEL", "VOICES"), help="files of Kokoro")
    parser.add_argument("--smoke", action="store_true", help="a few of all")
    args = parser.parse_args()
    if args.smoke:
        args.halves, args.cuts, args.whole, args.voices = 1, 2, 3, 1
    return 0 if anyio.run(run, args) else 1


if __name__ == "__main__":
    sys.exit(main())
