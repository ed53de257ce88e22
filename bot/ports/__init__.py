"""What the services need from the outside, each with its promise. Adapters implement these.

They are imported from here, whichever module they stand in.
"""

from bot.ports.clock import Clock
from bot.ports.courier import CardView, Courier, Instead
from bot.ports.guilds import GuildStore, NoticeStore, OfferStore
from bot.ports.jobs import Agenda, Change, JobStore
from bot.ports.media import Charts, FilmStore, FittedFilm, ImageStore
from bot.ports.money import Treasury
from bot.ports.providers import (
    AvailabilityStore,
    Order,
    OrderPicture,
    Provider,
    RequestBudgets,
    Watched,
)

__all__ = [
    "Agenda",
    "AvailabilityStore",
    "CardView",
    "Change",
    "Charts",
    "Clock",
    "Courier",
    "FilmStore",
    "FittedFilm",
    "GuildStore",
    "ImageStore",
    "Instead",
    "JobStore",
    "NoticeStore",
    "OfferStore",
    "Order",
    "OrderPicture",
    "Provider",
    "RequestBudgets",
    "Treasury",
    "Watched",
]
