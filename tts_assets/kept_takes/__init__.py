"""Sounds that a service sent: kept from their arrival until their clip is stored or a person decides."""

from tts_assets.kept_takes.journal import Purchase, read_purchases
from tts_assets.kept_takes.kept import DoubtfulTake, Opinion, find_folder, find_takes, read_take
from tts_assets.kept_takes.order import Order, RequestedClip, Ticket, find_order, sum_billed
from tts_assets.kept_takes.store import ADVICE, MOST_TAKES, TakeStore

__all__ = [
    "ADVICE",
    "MOST_TAKES",
    "DoubtfulTake",
    "Opinion",
    "Order",
    "Purchase",
    "RequestedClip",
    "TakeStore",
    "Ticket",
    "find_folder",
    "find_order",
    "find_takes",
    "read_purchases",
    "read_take",
    "sum_billed",
]
