"""``sohoa outbox``: what happens in the store is told to those the office profile names."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dossier.shelf import open_store, require_store
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.privacy import mask_text, printable
from profiles import Office, load_office

if TYPE_CHECKING:
    from warehouse import Warehouse
    from warehouse.events import Delivered, Standing, Subscriber


class NoWebhooks(SohoaError):
    """The office profile names nobody to be told."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The office profile names nobody to be told of events. Write [webhooks.NAME] with url and "
        "secret_file into it; see docs/exchange.md."
    )


class UnknownEvents(SohoaError):
    """A webhook asks for a type of event that there is not."""

    exit_code = ExitCode.SETUP
    message = N_("webhooks.{name}: there are no events “{event}”. There are: {known}.")


class NoSuchEvents(SohoaError):
    """Events were to be told again that nobody waits for."""

    exit_code = ExitCode.INPUT
    message = N_("No event with these ids is still to be told: {events}. See: sohoa outbox status")


class NoSuchSubscriber(SohoaError):
    """Somebody is to be forgotten who was never told anything."""

    exit_code = ExitCode.INPUT
    message = N_("Nobody called “{name}” is told of events here. See: sohoa outbox status")


@dataclass(frozen=True)
class Post:
    """How the outbox stands.

    Attributes:
        strangers: those for whom events are kept though the office profile names them no more.
    """

    standings: "tuple[Standing, ...]"
    dead: tuple[dict[str, Any], ...]
    strangers: tuple[str, ...] = ()


def subscribers_of(office: Office) -> "tuple[Subscriber, ...]":
    """Who is told of events, with the secrets of their webhooks.

    Raises:
        NoWebhooks, UnknownEvents, SecretUnusable: what the office profile lacks.
    """
    from warehouse.events import TYPES, Subscriber
    from warehouse.webhooks import read_secrets

    if not office.webhooks:
        raise NoWebhooks
    known = sorted(set(TYPES.values()))
    for name, webhook in office.webhooks.items():
        for event in webhook.events:
            if event not in known:
                raise UnknownEvents(name=name, event=event, known=", ".join(known))
    return tuple(
        Subscriber(
            name,
            webhook.url,
            read_secrets(Path(webhook.secret_file)),
            frozenset(webhook.events),
            webhook.loopback,
            webhook.tls_trust,
        )
        for name, webhook in office.webhooks.items()
    )


def deliver(store: "Warehouse", who: "Sequence[Subscriber]") -> "Delivered":
    """Tell all that is due. A server calls it again and again; it may run anywhere at once."""
    from warehouse.events import Manner
    from warehouse.webhooks import post

    manner = Manner()
    return store.outbox.deliver(who, partial(post, timeout=manner.timeout), manner)


def deliver_events() -> "Delivered":
    """Tell all that is due. Raises NoStore, and as :func:`subscribers_of`."""
    who = subscribers_of(load_office())
    require_store()
    with open_store() as store:
        return deliver(store, who)


def outbox_status() -> Post:
    """How everybody's deliveries stand, and the dead letters. Raises as :func:`deliver_events`."""
    who = subscribers_of(load_office())
    require_store()
    with open_store() as store:
        return Post(
            tuple(store.outbox.standings(who)),
            tuple(store.outbox.dead()),
            tuple(store.outbox.strangers(who)),
        )


def retry_events(events: Sequence[str]) -> int:
    """Send dead letters again, all or those named; how many.

    Raises:
        NoStore.
        NoSuchEvents: one of those named is not still to be told to anybody; none is sent again.
    """
    require_store()
    named = [one.strip().upper() for one in events]
    with open_store() as store:
        known = store.outbox.untold(named)
        if strangers := [one for one in named if one not in known]:
            raise NoSuchEvents(events=mask_text(printable(", ".join(strangers))))
        return store.outbox.retry(named)


def forget_subscriber(name: str) -> None:
    """Drop a subscriber with all that was still to be told them. Raises NoSuchSubscriber."""
    require_store()
    with open_store() as store:
        if not store.outbox.forget(name):
            raise NoSuchSubscriber(name=name)
