"""The settings of a run as data, with their defaults and bounds."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_assets.config.catalogue_sources import Source
from tts_assets.config.command_options import Shard, TranscribeSettings, VerifySettings
from tts_assets.config.keys import Secret
from tts_assets.config.option_values import BUCKET_SCHEMES
from tts_assets.config.prices import Price
from tts_assets.errors import UsageError
from tts_assets.model import DictionaryWord, Kind, Pauses, Sound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


#: The file of overrides that is read where the settings name none.
OVERRIDES = "tts-assets.overrides.json"

STATE_FOLDER = ".tts-assets"  #: the folder for ledger, decisions and failures of assets in a bucket
_CHARACTERS = 100  #: one time limit covers this many characters: a long sentence


def time_limits(characters: int) -> int:
    """The number of time limits for a text of that length, because a passage takes longer."""
    return 1 + characters // _CHARACTERS


def _holds(check: Callable[[], bool]) -> bool:
    """Whether a check passes; a value of the wrong type, which cannot be compared, fails."""
    try:
        return check()
    except (TypeError, AttributeError):
        return False


def _are_all(values: object, kind: type) -> bool:
    return isinstance(values, Iterable) and all(isinstance(each, kind) for each in values)


class Progress(StrEnum):
    """How the command line displays progress."""

    AUTO = "auto"
    BAR = "bar"
    LINES = "lines"
    NONE = "none"


class Verbosity(StrEnum):
    """How much the command line prints for people."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


class OutputFormat(StrEnum):
    """What the command line writes to standard output."""

    TEXT = "text"
    JSON = "json"
    #: Events, one JSON object on each line, during the run.
    JSONL = "jsonl"
    #: Annotations of a GitHub workflow, and a step summary.
    GITHUB = "github"
    JUNIT = "junit"


class OnEngineChange(StrEnum):
    """What to do with clips of another version or model of the engine."""

    KEEP = "keep"
    REMAKE = "remake"


class Only(StrEnum):
    """Selects clips to generate by state."""

    #: Never generated.
    NEW = "new"
    #: Never generated, or their files are missing or damaged.
    MISSING = "missing"
    #: Out of date, because their entries or settings changed.
    CHANGED = "changed"
    #: Failed in the last run.
    FAILED = "failed"
    #: Rejected by a reviewer.
    REJECTED = "rejected"


class Device(StrEnum):
    """The devices of neural engines; each is an execution provider of onnxruntime."""

    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
    ROCM = "rocm"
    COREML = "coreml"
    DIRECTML = "directml"
    OPENVINO = "openvino"


class AccentControl(StrEnum):
    """Which accents an engine without accent control speaks."""

    IMPOSE = "impose"
    VOICE = "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class KokoroSettings:
    """The model and the accents of the provider kokoro.

    Args:
        model: the name of a known model, or the path of an ONNX file; auto: kokoro-v1.0 if it was
            fetched or nothing else is installed, else that of the extra kokoro-ja.
        voices: the name of a known voices file, or a path; auto: as for the model.
        accent: impose gives each clip the melody of its accents; voice leaves it to the voice, which
            says many words with another accent.
    """

    model: str = "auto"
    voices: str = "auto"
    accent: AccentControl = AccentControl.IMPOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class PiperSettings:
    """The voices and the accents of the provider piper.

    Args:
        voices: a folder of voices, each an ``.onnx`` file with its ``.onnx.json``; None: the fetched ones.
        accent: for Japanese voices that take no accents: impose gives each clip the melody of its
            accents; voice leaves it to the voice.
    """

    voices: str | None = None
    accent: AccentControl = AccentControl.IMPOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSettings:
    """Limits for requests to a service, even if it allows more.

    Args:
        max_concurrent: open requests at the same time.
        rate_per_second: requests started per second.
    """

    max_concurrent: int = 5
    rate_per_second: float = 10.0


class Switch(StrEnum):
    """Turns an option of a service on or off, or leaves the choice to the service."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevenLabsSettings:
    """Settings of the provider elevenlabs; None leaves a value to the service.

    Args:
        base_url: the address of the service; other regions have others.
        model: the model id.
        voices: voice ids, the default one first.
        output_format: audio format of the service's replies: ``pcm_24000``, ``mp3_44100_128``...
        stability: 0 to 1; None: the voice's own.
        similarity_boost: 0 to 1; None: the voice's own.
        style: 0 to 1; None: the voice's own.
        use_speaker_boost: closer to the speaker, and slower; None: the voice's own.
        seed: makes equal replies to equal requests likelier.
        text_normalization: whether the service writes out numbers and the like.
        language_text_normalization: the same by the rules of the language; slow.
        check_ends: refuse audio that ends within a word or before its end.
        history: look lost audio up in the account's history before buying it again.
        timestamps: whether time lines have words; auto: where a record has a field for the time line.
        accent: voice leaves the accents to the voice; impose changes the pitch of the bought sound to
            the melody of its accents.
        api_key_file: a file that contains the key and nothing else; takes precedence over the environment.
    """

    base_url: str = "https://api.elevenlabs.io"
    model: str = "eleven_multilingual_v2"
    voices: tuple[str, ...] = ()
    output_format: str = "pcm_24000"
    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    use_speaker_boost: bool | None = None
    seed: int | None = None
    text_normalization: Switch | None = None
    language_text_normalization: bool | None = None
    check_ends: bool = True
    history: bool = True
    timestamps: Switch = Switch.AUTO
    accent: AccentControl = AccentControl.VOICE
    api_key_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAISettings:
    """Settings of the provider openai, for OpenAI or any compatible server.

    Args:
        base_url: the address before ``/audio/speech``.
        model: the model name.
        voices: voice names, the default one first.
        response_format: audio format of the server's replies: wav, flac, mp3, opus or pcm.
        instructions: how to speak, for models that accept it; None: no instructions.
        check_ends: as for elevenlabs.
        accent: as for elevenlabs.
        api_key_file: as for elevenlabs.
    """

    base_url: str = "https://api.openai.com/v1"
    model: str = "gpt-4o-mini-tts"
    voices: tuple[str, ...] = ()
    response_format: str = "wav"
    instructions: str | None = None
    check_ends: bool = True
    accent: AccentControl = AccentControl.VOICE
    api_key_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicevoxSettings:
    """The address and the voices of the provider voicevox.

    Args:
        base_url: the address of the engine; AivisSpeech listens on port 10101.
        voices: style ids, the default one first.
    """

    base_url: str = "http://127.0.0.1:50021"
    voices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSettings:
    """Where the bucket of ``output`` is, and how assets are stored in it.

    Args:
        endpoint: the URL of an S3-compatible server; None: the cloud's own.
        region: the region of the bucket; None: from the environment or the profile.
        profile: a profile of the AWS command line; None: ``AWS_PROFILE``, or the cloud's own chain.
        cache_control: the ``Cache-Control`` header of the assets.
    """

    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    cache_control: str = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerSettings:
    """The voice of a speaker of dialogues; None to assign it automatically.

    Args:
        name: the name before the speaker's lines.
        voice: the voice's name.
        speed: 1.0 is the voice's own pace.
    """

    name: str
    voice: str | None = None
    speed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Where models are stored, and where they are downloaded from.

    Args:
        folder: where models are stored; None: the user's cache folder.
        mirror: an address with the same files under the same paths; None: the publishers.
        offline: download nothing.
    """

    folder: str | None = None
    mirror: str | None = None
    offline: bool = False


_OPTIONAL_TEXTS = ("voice", "cluster", "api_key_file", "since")  #: the texts that may be None
_TEXTS = ("provider", "output", "state", "asset", "url", "overrides", "temp", *_OPTIONAL_TEXTS)

#: The settings with settings of their own: the tables of a file, by the name of their field.
TABLES: dict[str, type] = {
    "sound": Sound,
    "pauses": Pauses,
    "kokoro": KokoroSettings,
    "piper": PiperSettings,
    "models": ModelSettings,
    "transcribe": TranscribeSettings,
    "verify": VerifySettings,
    "remote": RemoteSettings,
    "elevenlabs": ElevenLabsSettings,
    "openai": OpenAISettings,
    "voicevox": VoicevoxSettings,
    "bucket": BucketSettings,
}

#: The settings with several values, and their type.
_ITEMS: dict[str, type] = {
    "kinds": Kind,
    "sources": Source,
    "words": DictionaryWord,
    "speakers": SpeakerSettings,
    "prices": Price,
    "only": Only,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a run; ``Settings()`` has the defaults of the command line.

    Args:
        paths: catalogues, and folders of them; empty: the files of the sources, or ``data`` if there are
            none.
        kinds: only these kinds; empty: all.
        provider: the engine, or ``auto`` for the best that is ready.
        voice: a voice of the engine; None: the engine's default.
        speed: speaking rate; 1.0 is the voice's own pace.
        concurrency: clips at the same time; None: as many as the machine or the service can handle.
        cluster: the workers of a Dask cluster: the address of its scheduler, or ``local:N`` for N
            processes on this machine; None: this process.
        timeout_seconds: time limit per clip, per 100 characters of its text.
        output: the folder for the assets, or a bucket: ``s3://``, ``gs://`` or ``az://``.
        state: the local folder for ledger, decisions and failures if the assets are in a bucket.
        asset: path template of the assets, with ``{kind}``, ``{recipe}``, ``{id}``, ``{part}`` and
            ``{ext}``.
        url: template of their URLs, with the same fields and ``{asset}``.
        sources: how catalogues of other shapes are read.
        words: the user's own dictionary.
        sound: format and loudness of the assets.
        pauses: silence between the segments of passages.
        speakers: voices of the speakers of dialogues.
        overrides: the file with reviewers' overrides; it need not exist.
        temp: the folder for finished segments of unfinished passages, and for paid takes.
        remakes: how often a clip that fails an audio check is generated again, where that may help.
        device: the device of neural engines.
        kokoro: settings of the provider kokoro.
        piper: settings of the provider piper.
        models: where models are stored and downloaded from.
        transcribe: settings of transcription, and of the recognizer.
        verify: settings of speech recognition in ``verify``.
        remote: limits for requests to services.
        elevenlabs: settings of the provider elevenlabs.
        openai: settings of the provider openai.
        voicevox: settings of the provider voicevox.
        bucket: settings of the bucket that ``output`` names.
        keys: API keys from the environment, by provider.
        api_key_file: a file with the API key of this run's provider; takes precedence over the provider's
            own setting.
        update_json: write the URLs into the catalogues.
        max_failures: stop after this many failed clips; None: never.
        max_chars: most characters that a run sends to a paid service; None: no limit.
        max_cost: most money that a run spends, in the currency of the price; None: no limit.
        max_clips: most clips that a run generates, equal ones counted once; None: no limit.
        max_duration_seconds: start no clip after this time; None: no limit.
        prices: prices of credits, which take precedence over the built-in ones.
        on_engine_change: keep or regenerate clips of another version or model of the engine.
        only: select clips by state; empty: all.
        ids: select entries by globs of their ids; empty: all.
        partial: the paths were named for this run, and there may be other catalogues.
        since: select entries that changed since this git revision; None: all.
        shard: the part of the clips that this run generates, into a folder of its own; None: all.
        deep: read every asset, and compare it with its hash.
        force: regenerate up-to-date clips.
        accept_doubtful: use uncertain audio that earlier runs kept and no reviewer has decided on.
        batch_mode: another program owns the cores: an automatic concurrency is 1.
        progress: progress display, of the command line only.
        output_format: format of standard output, of the command line only.
        verbosity: of the command line only: quiet prints errors alone, verbose a line for each clip.
    """

    paths: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    provider: str = "openjtalk"
    voice: str | None = None
    speed: float = 1.0
    concurrency: int | None = None
    cluster: str | None = None
    timeout_seconds: float = 60.0
    output: str = "audio"
    state: str = STATE_FOLDER
    asset: str = "{kind}/{recipe}.{ext}"
    url: str = "/audio/{asset}"
    sources: tuple[Source, ...] = ()
    words: tuple[DictionaryWord, ...] = ()
    sound: Sound = field(default_factory=Sound)
    pauses: Pauses = field(default_factory=Pauses)
    speakers: tuple[SpeakerSettings, ...] = ()
    overrides: str = OVERRIDES
    temp: str = ".temp-audio"
    remakes: int = 2
    device: Device = Device.CPU
    kokoro: KokoroSettings = field(default_factory=KokoroSettings)
    piper: PiperSettings = field(default_factory=PiperSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    transcribe: TranscribeSettings = field(default_factory=TranscribeSettings)
    verify: VerifySettings = field(default_factory=VerifySettings)
    remote: RemoteSettings = field(default_factory=RemoteSettings)
    elevenlabs: ElevenLabsSettings = field(default_factory=ElevenLabsSettings)
    openai: OpenAISettings = field(default_factory=OpenAISettings)
    voicevox: VoicevoxSettings = field(default_factory=VoicevoxSettings)
    bucket: BucketSettings = field(default_factory=BucketSettings)
    keys: Mapping[str, Secret] = field(default_factory=dict, hash=False)
    api_key_file: str | None = None
    update_json: bool = True
    max_failures: int | None = None
    max_chars: int | None = None
    max_cost: float | None = None
    max_clips: int | None = None
    max_duration_seconds: float | None = None
    prices: tuple[Price, ...] = ()
    on_engine_change: OnEngineChange = OnEngineChange.KEEP
    only: tuple[Only, ...] = ()
    ids: tuple[str, ...] = ()
    since: str | None = None
    partial: bool = False
    shard: Shard | None = None
    deep: bool = False
    force: bool = False
    accept_doubtful: bool = False
    batch_mode: bool = False
    progress: Progress = Progress.AUTO
    output_format: OutputFormat = OutputFormat.TEXT
    verbosity: Verbosity = Verbosity.NORMAL

    @classmethod
    def load(
        cls, folder: Path | str | None = None, *, config: Path | str | None = None, **flags: Any
    ) -> Settings:
        """Load the settings of a project as the command line does: file, environment, then options.

        Args:
            folder: the folder to search for the file, with its parents; None for the working folder.
            config: the file to read instead.
            flags: options by name, such as ``provider="kokoro"`` or ``output_format="json"``.

        Raises:
            UsageError: the file, the environment or an option is wrong.
        """
        from tts_assets.config.load_settings import check_known, load  # noqa: PLC0415 - it imports this module

        given = {name.replace("_", "-"): value for name, value in flags.items()}
        for name in given.keys() - {"force", "deep", "accept-doubtful", "api-key-file"}:
            check_known(name, "Settings.load", flags=True)
        return load(
            flags=given,
            environment=os.environ,
            folder=Path(folder or Path.cwd()),
            config=None if config is None else Path(config),
        )

    @property
    def is_whole(self) -> bool:
        """Whether the run is for all clips of all catalogues."""
        some = self.partial or self.kinds or self.ids or self.since or self.only or self.shard
        return not some

    @property
    def bucket_url(self) -> str | None:
        """The bucket of the assets; None if they are stored in a folder."""
        return self.output if self.output.startswith(BUCKET_SCHEMES) else None

    @property
    def state_folder(self) -> str:
        """The local folder with the ledger: that of the assets, unless those are in a bucket."""
        return self.output if self.bucket_url is None else self.state

    @property
    def folder(self) -> str:
        """The local folder that this run writes to: the state folder, or that of its shard."""
        return self.state_folder if self.shard is None else self.shard.folder(self.state_folder)

    def key_file(self, provider: str) -> str | None:
        """The file with the key of a provider; None if none is set."""
        # Never send the key of one vendor to another: each file is for its own provider only.
        own = {
            "elevenlabs": self.elevenlabs.api_key_file,
            "openai": self.openai.api_key_file,
        }
        return own.get(provider) if self.api_key_file is None else self.api_key_file

    def _is_text(self, name: str) -> bool:
        value = getattr(self, name)
        if name in _OPTIONAL_TEXTS:
            return value is None or isinstance(value, str)
        return isinstance(value, str) and value != ""

    def __post_init__(self) -> None:
        """Refuse invalid values, because programs need not use ``load``.

        Raises:
            UsageError: a value is out of its bounds, or of another type.
        """
        if not all(isinstance(key, Secret) for key in self.keys.values()):
            # Do not show the value: it is a key.
            raise UsageError("settings.keys: each must be a Secret, of tts_assets.config.keys")
        wrong = [name for name in _TEXTS if not self._is_text(name)]
        wrong += [
            name for name, kind in TABLES.items() if not isinstance(getattr(self, name), kind)
        ]
        wrong += [name for name, kind in _ITEMS.items() if not _are_all(getattr(self, name), kind)]
        wrong += [
            name
            for name, check in (
                ("paths", lambda: isinstance(self.paths, tuple)),
                ("paths", lambda: all(isinstance(each, str | Path) for each in self.paths)),
                ("device", lambda: isinstance(self.device, Device)),
                ("speed", lambda: 0.25 <= self.speed <= 4),
                ("concurrency", lambda: self.concurrency is None or self.concurrency >= 1),
                ("timeout_seconds", lambda: 0 < self.timeout_seconds < math.inf),
                ("remakes", lambda: 0 <= self.remakes <= 10),
                ("max_failures", lambda: self.max_failures is None or self.max_failures >= 1),
                ("max_chars", lambda: self.max_chars is None or self.max_chars >= 0),
                ("max_cost", lambda: self.max_cost is None or 0 <= self.max_cost < math.inf),
                ("max_clips", lambda: self.max_clips is None or self.max_clips >= 0),
                (
                    "max_duration_seconds",
                    lambda: (
                        self.max_duration_seconds is None
                        or 0 <= self.max_duration_seconds < math.inf
                    ),
                ),
                ("ids", lambda: isinstance(self.ids, tuple)),
                ("ids", lambda: all(each.strip() for each in self.ids)),
                ("shard", lambda: isinstance(self.shard, Shard | None)),
            )
            if not _holds(check)
        ]
        if self.force and self.only:
            raise UsageError("--force regenerates all clips and --only some: omit one of them")
        if wrong:
            types = Settings.__annotations__
            values = ", ".join(
                f"{name}={getattr(self, name)!r} (type: {types[name]})"
                for name in dict.fromkeys(wrong)
            )
            raise UsageError(f"settings out of bounds or of the wrong type: {values}")
