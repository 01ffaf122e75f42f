"""A VOICEVOX engine that says tones: the same addresses, refusals and shapes, and stricter in its queries.

Each mora sounds for a tenth of a second, high or low by the accent; one that is whispered is noise. Which
kana texts it takes, and which of its errors it names, was compared with the engine itself.
"""

import contextlib
import io
import json
import re
import threading
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import numpy as np

RATE_HZ = 24_000
_MORA_SECONDS = 0.1
_LOW_HZ, _HIGH_HZ = 140.0, 220.0

#: The kana that are morae by themselves, and what small ones they make one mora with.
_ALONE = (
    "アイウエオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプ"
    "ヘベペホボポマミムメモヤユヨラリルレロワヰヱヲンヴァィゥェォャュョヮヶ"
)
_WITH = {
    "イ": "ェ",
    "ウ": "ィゥェォ",
    **dict.fromkeys("キギニヒビピミリ", "ィェャュョ"),
    **dict.fromkeys("クグ", "ァィゥェォヮ"),
    **dict.fromkeys("シジチヂ", "ェャュョ"),
    **dict.fromkeys("スズ", "ィ"),
    "ツ": "ァィェォ",
    **dict.fromkeys("テデ", "ィェャュョ"),
    **dict.fromkeys("トド", "ゥ"),
    "フ": "ァィェォ",
    "ヴ": "ァィェォャュョ",
}
MORAE = frozenset(_ALONE) | {large + small for large in _WITH for small in _WITH[large]}
#: These have no vowel to whisper.
_WITHOUT_VOWEL = frozenset("ンッ")
_TOKEN = re.compile("'|_?(?:" + "|".join(sorted(MORAE, key=len, reverse=True)) + ")")
_MOST_STEPS = 300

_NUMBERS = {
    "speedScale", "pitchScale", "intonationScale", "volumeScale", "prePhonemeLength", "postPhonemeLength",
}  # fmt: skip
_OTHERS = {"accent_phrases", "outputSamplingRate", "outputStereo", "kana"}
_OPTIONAL = {"pauseLength", "pauseLengthScale"}

SPEAKERS = [
    {
        "name": "四国めたん",
        "speaker_uuid": "7ffcb7ce-00ec-4bdc-82cd-45a8889e43ff",
        "styles": [
            {"name": "ノーマル", "id": 2, "type": "talk"},
            {"name": "ささやき", "id": 36, "type": "talk"},
            {"name": "ノーマル", "id": 3002, "type": "frame_decode"},
        ],
        "version": "1.0",
    },
    {
        "name": "ずんだもん",
        "speaker_uuid": "388f246b-8c41-4ac1-8e2d-5d79f3ff56d9",
        # Older engines name no types.
        "styles": [{"name": "ノーマル", "id": 3}, {"name": "あまあま", "id": -1_878_365_376}],
        "version": "1.0",
    },
]
_STYLES = ["2", "36", "3", "-1878365376"]


class KanaError(Exception):
    """A text that is not in the notation; its argument is the name of the error."""


class StandInReply(NamedTuple):
    """A status, a media type and a body."""

    status: int
    kind: str
    body: bytes


@dataclass(slots=True)
class VoicevoxStandIn:
    """An engine that is running.

    Args:
        url: where it listens.
        heard: what it was asked: path, query, body.
        twists: makes of a path's reply another one; of None, before it is worked out, too.
    """

    url: str = ""
    heard: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    twists: dict[str, Callable[[StandInReply], StandInReply]] = field(default_factory=dict)

    def texts(self) -> list[str]:
        """The kana texts that it was asked to read."""
        return [query["text"] for path, query, _ in self.heard if path == "/accent_phrases"]

    def queries(self) -> list[Any]:
        """The queries that it was asked to say."""
        return [body for path, _, body in self.heard if path == "/synthesis"]


@contextlib.contextmanager
def running() -> Iterator[VoicevoxStandIn]:
    """An engine on 127.0.0.1, for as long as the block lasts."""
    engine = VoicevoxStandIn()

    class StandInHandler(_VoicevoxHandler):
        """Answers for this engine."""

    StandInHandler.engine = engine
    with ThreadingHTTPServer(("127.0.0.1", 0), StandInHandler) as server:
        server.daemon_threads = True
        engine.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield engine
        finally:
            server.shutdown()
            thread.join()


class _VoicevoxHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: VoicevoxStandIn

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer({"/version": _version, "/speakers": _speakers, "/engine_manifest": _manifest})

    def do_POST(self) -> None:
        self._answer(
            {"/audio_query": _query, "/accent_phrases": _accent_phrases, "/synthesis": _synthesis}
        )

    def _answer(self, pages: dict[str, Callable[[dict[str, str], Any], StandInReply]]) -> None:
        parts = urlsplit(self.path)
        asked = {
            name: values[-1]
            for name, values in parse_qs(parts.query, keep_blank_values=True).items()
        }
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.loads(sent) if sent else None
        self.engine.heard.append((parts.path, asked, body))
        page = pages.get(parts.path)
        reply = _json({"detail": "Not Found"}, 404) if page is None else page(asked, body)
        twist = self.engine.twists.get(parts.path)
        reply = reply if twist is None else twist(reply)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(reply.body)


def _json(value: Any, status: int = 200) -> StandInReply:
    return StandInReply(status, "application/json", json.dumps(value, ensure_ascii=False).encode())


def _invalid(what: str) -> StandInReply:
    return _json(
        {"detail": [{"type": "missing", "loc": ["body", what], "msg": f"bad {what}"}]}, 422
    )


def _version(_asked: dict[str, str], _body: Any) -> StandInReply:
    return _json("0.25.2")


def _speakers(_asked: dict[str, str], _body: Any) -> StandInReply:
    return _json(SPEAKERS)


def _manifest(_asked: dict[str, str], _body: Any) -> StandInReply:
    return _json(
        {"manifest_version": "0.13.1", "name": "VOICEVOX Engine", "brand_name": "VOICEVOX"}
    )


def _misasked(asked: dict[str, str], names: set[str]) -> StandInReply | None:
    if asked.keys() != names:
        return _invalid(" ".join(sorted(asked.keys() ^ names)))
    if asked["speaker"] not in _STYLES:
        return _json({"message": "指定されたスタイルが見つかりませんでした。"}, 422)
    return None


def _query(asked: dict[str, str], _body: Any) -> StandInReply:
    wrong = _misasked(asked, {"text", "speaker"})
    return wrong or _json(
        {
            "accent_phrases": parsed("ア'"),
            **dict.fromkeys(_NUMBERS, 1.0),
            "pauseLength": None,
            "pauseLengthScale": 1,
            "outputSamplingRate": RATE_HZ,
            "outputStereo": False,
            "kana": "ア'",
        }
    )


def _accent_phrases(asked: dict[str, str], _body: Any) -> StandInReply:
    wrong = _misasked(asked, {"text", "speaker", "is_kana"})
    if wrong or asked["is_kana"] != "true":
        return wrong or _invalid("is_kana")
    try:
        return _json(parsed(asked["text"]))
    except KanaError as exc:
        told = {"text": f"読めません: {asked['text']}", "error_name": str(exc), "error_args": {}}
        return _json({"detail": told}, 400)


def _synthesis(asked: dict[str, str], body: Any) -> StandInReply:
    wrong = _misasked(asked, {"speaker", "enable_interrogative_upspeak"})
    if wrong:
        return wrong
    numbers = [body.get(name) for name in _NUMBERS]
    if body.keys() != _NUMBERS | _OTHERS | _OPTIONAL or not all(
        isinstance(number, int | float) for number in numbers
    ):
        return _invalid("fields")
    for phrase in body["accent_phrases"]:
        morae = phrase["moras"]
        if not 1 <= phrase["accent"] <= len(morae) or not all(
            mora["text"] in MORAE and mora["vowel_length"] > 0 for mora in morae
        ):
            return _invalid("accent_phrases")
    samples = _said(body["accent_phrases"]) * body["volumeScale"]
    each = int(_MORA_SECONDS * RATE_HZ / body["speedScale"])
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(_sound(samples, each))
    return StandInReply(200, "audio/wav", buffer.getvalue())


def _said(phrases: Any) -> Any:
    """The frequency of each mora in Hz; 0 in pauses, below 0 where it is whispered."""
    found: list[float] = []
    for phrase in phrases:
        for place, mora in enumerate(phrase["moras"], 1):
            high = (place > 1 or phrase["accent"] == 1) and place <= phrase["accent"]
            whispered = mora["vowel"] in {*"AIUEO"}
            found.append(-1.0 if whispered else _HIGH_HZ if high else _LOW_HZ)
        if phrase["pause_mora"] is not None:
            found.append(0.0)
    return np.array(found)


def _sound(hertz: Any, each: int) -> bytes:
    at = np.arange(each) / RATE_HZ
    noise = np.random.default_rng(0).uniform(-0.05, 0.05, each)
    waves = [noise if one < 0 else 0.3 * np.sin(2 * np.pi * one * at) for one in hertz]
    whole: bytes = (np.concatenate(waves) * 32_767).astype("<i2").tobytes()
    return whole


def parsed(text: str) -> list[dict[str, Any]]:
    """The accent phrases of a kana text, as the engine answers with them.

    Raises:
        KanaError: the engine refuses it so.
    """
    pieces = re.split("([/、])", text)
    return [
        _phrase(piece, pause=end == "、")
        for piece, end in zip(pieces[::2], [*pieces[1::2], ""], strict=True)
    ]


def _phrase(text: str, *, pause: bool) -> dict[str, Any]:
    if not text:
        raise KanaError("EMPTY_PHRASE")
    if "？" in text[:-1]:
        raise KanaError("INTERROGATION_MARK_NOT_AT_END")
    morae, accent = _tokens(text.removesuffix("？"))
    return {
        "moras": [_mora(each) for each in morae],
        "accent": accent,
        "pause_mora": _mora("、") if pause else None,
        "is_interrogative": text.endswith("？"),
    }


def _tokens(text: str) -> tuple[list[str], int]:
    morae: list[str] = []
    accent = at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or (found[0].lstrip("_") in _WITHOUT_VOWEL and found[0][0] == "_"):
            raise KanaError("UNKNOWN_TEXT")
        at = found.end()
        if found[0] != "'":
            morae.append(found[0])
            if len(morae) + bool(accent) > _MOST_STEPS:
                raise KanaError("INFINITE_LOOP")
        elif not morae or accent:
            raise KanaError("ACCENT_TWICE" if accent else "ACCENT_TOP")
        else:
            accent = len(morae)
    if not accent:
        raise KanaError("ACCENT_NOTFOUND")
    return morae, accent


def _mora(kana: str) -> dict[str, Any]:
    """A mora; its phonemes are none of the engine's but for whether it is whispered."""
    whispered = kana.startswith("_")
    return {
        "text": kana.removeprefix("_"),
        "consonant": None,
        "consonant_length": None,
        "vowel": "U" if whispered else "pau" if kana == "、" else "a",
        "vowel_length": 0.1,
        "pitch": 0.0 if whispered or kana == "、" else 5.5,
    }
