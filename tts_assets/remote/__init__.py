"""Engines that are services on other machines: asked politely, paid once, never more than they allow."""

from tts_assets.remote.answers import Answer, PassingError, RefusedError, Request
from tts_assets.remote.calls import Calls, Judge, Patience
from tts_assets.remote.client import Client, connected, refuse_unsafe
from tts_assets.remote.limiter import Limiter, Rest, Traffic
from tts_assets.remote.service import Place, Service, service

__all__ = [
    "Answer",
    "Calls",
    "Client",
    "Judge",
    "Limiter",
    "PassingError",
    "Patience",
    "Place",
    "RefusedError",
    "Request",
    "Rest",
    "Service",
    "Traffic",
    "connected",
    "refuse_unsafe",
    "service",
]
