"""A tiny Whisper with random weights, for the real library: it hears nothing right, and always the same."""

from pathlib import Path
from typing import Any

#: In the order in which faster-whisper's tokenizer expects them behind the text.
_LANGUAGES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jw su"
)
_TASKS = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
_KANA = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
)
#: The bytes of ByteLevel, and the empty word.
_LETTERS = 257
_MELS, _FRAMES, _TEXT = 80, 1500, 448
_WIDTH, _LAYERS, _HEADS = 16, 2, 2


def build(folder: Path, *, width: int = _WIDTH, layers: int = _LAYERS, seed: int = 4) -> Path:
    """Write a whole model into the folder, as converters do."""
    import numpy as np
    from ctranslate2.specs import whisper_spec

    words = _vocabulary()
    spec = whisper_spec.WhisperSpec(layers, _HEADS, layers, _HEADS)
    _Weights(np.random.default_rng(seed), width).fill(spec, len(words))
    ids = {word: number for number, word in enumerate(words)}
    # The library says itself what is not to be said.
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [ids["<|endoftext|>"]]
    spec.config.lang_ids = [ids[f"<|{language}|>"] for language in _LANGUAGES.split()]
    spec.config.alignment_heads = [[layers - 1, 0]]
    spec.register_vocabulary(words)
    spec.validate()
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _save_tokenizer(folder, words)
    return folder


class _Weights:
    """Fills the layers of a specification with what chance gives."""

    def __init__(self, chance: Any, width: int) -> None:
        self._chance, self._width = chance, width

    def fill(self, spec: Any, size: int) -> None:
        """All of a Whisper whose vocabulary has that size."""
        width = self._width
        encoder, decoder = spec.encoder, spec.decoder
        encoder.conv1.weight, encoder.conv1.bias = self._of(width, _MELS, 3), self._of(width)
        encoder.conv2.weight, encoder.conv2.bias = self._of(width, width, 3), self._of(width)
        encoder.position_encodings.encodings = self._of(_FRAMES, width)
        decoder.position_encodings.encodings = self._of(_TEXT, width)
        decoder.embeddings.weight = self._of(size, width)
        # Single bytes make no text: nothing points to them, and little to times.
        decoder.embeddings.weight[:_LETTERS] = 0
        decoder.embeddings.weight[_LETTERS + len(_KANA) :] *= 0.3
        decoder.embeddings.weight[_LETTERS : _LETTERS + len(_KANA)] *= 2
        # The words that come out are those whose embeddings point there.
        decoder.projection.weight = decoder.embeddings.weight
        for half in (encoder, decoder):
            self._norm(half.layer_norm)
            for layer in half.layer:
                self._layer(layer)

    def _layer(self, layer: Any) -> None:
        self._attention(layer.self_attention, (3 * self._width, self._width))
        if hasattr(layer, "attention"):
            self._attention(layer.attention, (self._width, 2 * self._width, self._width))
            # What is heard has to make a difference.
            layer.attention.linear[-1].weight *= 6
        self._norm(layer.ffn.layer_norm)
        self._linear(layer.ffn.linear_0, 2 * self._width, self._width)
        self._linear(layer.ffn.linear_1, self._width, 2 * self._width)

    def _attention(self, attention: Any, widths: tuple[int, ...]) -> None:
        self._norm(attention.layer_norm)
        for linear, width in zip(attention.linear, widths, strict=True):
            self._linear(linear, width, self._width)

    def _linear(self, linear: Any, out: int, into: int) -> None:
        linear.weight, linear.bias = self._of(out, into), self._of(out)

    def _norm(self, norm: Any) -> None:
        norm.gamma, norm.beta = self._of(self._width) + 1, self._of(self._width)

    def _of(self, *shape: int) -> Any:
        return (self._chance.standard_normal(shape) * 0.3).astype("float32")


def _vocabulary() -> list[str]:
    from tokenizers.pre_tokenizers import ByteLevel

    times = [f"<|{step * 0.02:.2f}|>" for step in range(1501)]
    special = ["endoftext", "startoftranscript", *_LANGUAGES.split(), *_TASKS]
    # By the empty word CTranslate2 knows that there are several languages.
    letters = [*sorted(ByteLevel.alphabet()), ""]
    kana = [ByteLevel(add_prefix_space=False).pre_tokenize_str(each)[0][0] for each in _KANA]
    return [*letters, *kana, *(f"<|{name}|>" for name in special), *times]


def _save_tokenizer(folder: Path, words: list[str]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    special = [word for word in words if word.startswith("<|")]
    letters = {word: number for number, word in enumerate(words) if word not in set(special)}
    tokenizer = Tokenizer(models.BPE(vocab=letters, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(word, special=True) for word in special])
    assert tokenizer.get_vocab_size() == len(words)
    tokenizer.save(str(folder / "tokenizer.json"))
