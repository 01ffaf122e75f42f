"""Neural models in onnxruntime: one session for all threads of an engine's process."""

from __future__ import annotations

import functools
import subprocess
import sys
from typing import TYPE_CHECKING

from tts_assets.config.settings import Device
from tts_assets.engines import machine, onnx_file
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from onnxruntime import InferenceSession


#: Names of onnxruntime's execution providers (onnxruntime.ai/docs/execution-providers).
_EXECUTION = {
    Device.CPU: "CPUExecutionProvider",
    Device.CUDA: "CUDAExecutionProvider",
    Device.TENSORRT: "TensorrtExecutionProvider",
    Device.ROCM: "ROCMExecutionProvider",
    Device.COREML: "CoreMLExecutionProvider",
    Device.DIRECTML: "DmlExecutionProvider",
    Device.OPENVINO: "OpenVINOExecutionProvider",
}


#: onnxruntime's level for errors; its warnings go to standard error.
_ERRORS_ONLY = 3


def session(path: Path, device: str) -> InferenceSession:
    """A model made ready, for any number of threads at once.

    One thread each: two threads that share a session speak 1.13 times as much as one call that is
    spread over two cores, and the sound no longer depends on the number of cores.

    Args:
        path: the ONNX file.
        device: a :class:`tts_assets.config.settings.Device`.

    Raises:
        UsageError: the file is no model, or this onnxruntime cannot use the device.
    """
    import onnxruntime  # noqa: PLC0415 - native, loaded only inside the engine's process

    # onnxruntime would read whichever files the model names.
    onnx_file.graph(path)
    wanted = _EXECUTION[Device(device)]
    if wanted not in onnxruntime.get_available_providers():
        raise UsageError(_without(device, _list_devices(onnxruntime.get_available_providers())))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    execution = list(dict.fromkeys([wanted, _EXECUTION[Device.CPU]]))
    try:
        made = onnxruntime.InferenceSession(str(path), options, providers=execution)
    except Exception as exc:  # onnxruntime has a class for each code, and no common base
        raise UsageError(
            f"{path} cannot be loaded ({brief(exc)}): fetch it again, or name another model"
        ) from exc
    if wanted not in made.get_providers():
        raise UsageError(
            f'onnxruntime could not start {device} here: set device = "cpu", or mend its drivers'
        )
    return made


def brief(error: Exception) -> str:
    """The first line of what a library says, to go into a sentence of ours."""
    return str(error).split("\n", 1)[0][:200]


def threads(workers: int) -> int:
    """How many clips to say at once for so many workers: at most one for each core.

    More are not faster, take 100 MB each, and their clips would wait within their time limits.
    """
    return min(workers, machine.cores())


def problem_with(device: str) -> str | None:
    """None where this onnxruntime was built for a device, else what to do."""
    if device == Device.CPU:
        return None
    return None if device in devices() else _without(device, devices())


@functools.cache
def devices() -> tuple[Device, ...]:
    """What the installed onnxruntime was built for, asked outside of this process."""
    code = "import onnxruntime; print(*onnxruntime.get_available_providers())"
    # What is native may take its process with it.
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False
    )
    return _list_devices(done.stdout.split())


def is_random(path: Path) -> bool:
    """Whether a model draws random numbers, so that no two runs sound quite the same.

    Raises:
        UsageError: it is not there, cut short, or not ONNX.
    """
    return onnx_file.graph(path).random


def _list_devices(execution_providers: Iterable[str]) -> tuple[Device, ...]:
    return tuple(device for device, name in _EXECUTION.items() if name in execution_providers)


def _without(device: str, offered: Iterable[Device]) -> str:
    known = ", ".join(offered) or "nothing"
    return (
        f"this onnxruntime runs on {known}, not on {device}: install another build of it in its "
        'place, such as onnxruntime-gpu for cuda, or set device = "cpu"'
    )
