"""Runs native engines in one supervised child process, so that the run survives whatever they do."""

from tts_assets.host.child import NativeEngine
from tts_assets.host.parent import EngineHost, engine_host, silence

__all__ = ["EngineHost", "NativeEngine", "engine_host", "silence"]
