"""Events of the world, and the bus that brings them to its subscribers: the gateway and chat pages.

One `Event` is published once and rendered per watcher, because an application whose Message Content
switch is off gets the same message emptied. Subscribers are called at once, in order, inside
`publish`; they must check `permissions.sees` and call `render` before they return (a channel that is being
deleted is gone afterwards), and must not await.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom JSON is made: a person, or an application with or without Message Content."""

    user_id: int
    reads_content: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatch, by its gateway name.

    Who gets it: `only_user` if set; else those who see `channel_id` if set; else the members of
    `guild_id` if set; else everyone. Bots filter by intent on top.
    """

    name: str
    render: Callable[[Viewer], Json]
    guild_id: int | None = None
    channel_id: int | None = None
    only_user: int | None = None


Subscriber = Callable[[Event], None]


class EventBus:
    """Hands every event to every subscriber."""

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Start to deliver to the subscriber; returns the function that stops it."""
        self._subscribers.append(subscriber)

        def stop() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return stop

    def publish(self, event: Event) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber(event)

    def publish_data(
        self,
        name: str,
        data: Json,
        *,
        guild_id: int | None = None,
        channel_id: int | None = None,
        only_user: int | None = None,
    ) -> None:
        """Publish an event whose data is the same for everyone who may see it."""
        self.publish(Event(name, lambda _viewer: data, guild_id, channel_id, only_user))
