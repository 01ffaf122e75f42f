"""Sounds that a service sent: kept from their arrival until their clip is stored or a person decides."""

from tts_assets.kept_takes.journal import Purchase, read_purchases
from tts_assets.kept_takes.kept import DoubtfulTake, Opinion, find_takes, folder_for, read_take
from tts_assets.kept_takes.store import Clip, Order, TakeStore, Ticket, billed_in_all, current_order

__all__ = [
    "Clip",
    "DoubtfulTake",
    "Opinion",
    "Order",
    "Purchase",
    "TakeStore",
    "Ticket",
    "billed_in_all",
    "current_order",
    "find_takes",
    "folder_for",
    "read_purchases",
    "read_take",
]
