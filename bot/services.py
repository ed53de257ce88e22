"""The services: the part of the core that cogs may use."""

from dataclasses import dataclass

from bot.archive.details import VideoDetails
from bot.archive.footage import Footage
from bot.archive.member_data import MemberData
from bot.archive.posts import FreePosts
from bot.archive.remove import Removal
from bot.archive.show import Archive
from bot.catalog.images import ImageStore
from bot.catalog.models import Catalog
from bot.clock import Clock
from bot.delivery.private_answers import Following
from bot.delivery.temporary import DeletionSchedule
from bot.guilds.consent import Consent
from bot.guilds.moderation import WordFilter
from bot.guilds.reports import Reporting
from bot.guilds.settings import GuildAdmin, Recipes
from bot.jobs.cancel import Cancelling
from bot.jobs.stores import KeyValueStore
from bot.money.account import MemberMoney
from bot.money.admin import PolicyAdmin
from bot.ordering.alternatives import Alternatives
from bot.ordering.blocking import Blocking
from bot.ordering.choosing import ModelChooser
from bot.ordering.extending import Extending
from bot.ordering.intake import Intake
from bot.ordering.ordering import Ordering, Retrying
from bot.ordering.presets import Presets
from bot.ordering.prompts.improving import Improving
from bot.ordering.quotes import Quotes
from bot.ordering.remaking import Remaking
from bot.ordering.sequels import Sequels


@dataclass(frozen=True, slots=True)
class Services:
    """All services for the cogs."""

    catalog: Catalog
    quotes: Quotes
    choosing: ModelChooser
    ordering: Ordering
    extending: Extending
    improving: Improving
    alternatives: Alternatives
    guild_admin: GuildAdmin
    recipes: Recipes
    consent: Consent
    member_data: MemberData
    presets: Presets
    member_money: MemberMoney
    policy_admin: PolicyAdmin
    blocking: Blocking
    words: WordFilter
    cancelling: Cancelling
    following: Following
    removing: Removal
    footage: Footage
    images: ImageStore
    details: VideoDetails
    sequels: Sequels
    remaking: Remaking
    retrying: Retrying
    showing: Archive
    free_posts: FreePosts
    reporting: Reporting
    temporary: DeletionSchedule
    intake: Intake
    notes: KeyValueStore
    clock: Clock
