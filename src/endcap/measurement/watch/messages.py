"""What people are told of alarms: one message a look for each target, whatever opened or closed in it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import msgspec

from endcap.core.time import iso
from endcap.measurement.watch.alarms import Alarm, Turn
from endcap.measurement.watch.notes import Delivery
from endcap.measurement.watch.settings import WatchSettings

EMAIL, WEBHOOK = "email", "webhook:"


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a webhook is posted: alarms that opened, that are still on a day later, and that closed."""

    id: str
    shop: str
    at: str
    subject: str
    opened: tuple[Alarm, ...] = ()
    still_on: tuple[Alarm, ...] = ()
    closed: tuple[Alarm, ...] = ()


def messages(shop: str, turn: Turn, settings: WatchSettings, now_ms: int) -> Iterator[Delivery]:
    """The messages of a look; none where nothing changed."""
    if not (turn.opened or turn.reminded or turn.closed):
        return
    for target in targets(settings):
        message = Message(
            id=str(uuid4()), shop=shop, at=iso(now_ms), subject=_subject(shop, turn), opened=turn.opened,
            still_on=turn.reminded, closed=turn.closed,
        )  # fmt: skip
        yield Delivery(id=message.id, target=target, subject=message.subject, body=msgspec.json.encode(message), next_ms=now_ms)


def targets(settings: WatchSettings) -> list[str]:
    """Whom to tell: every webhook, and e-mail."""
    return [*(WEBHOOK + one.name for one in settings.webhooks), *([EMAIL] if settings.email is not None else [])]


def _subject(shop: str, turn: Turn) -> str:
    parts = {"alarm": turn.opened, "still on": turn.reminded, "closed": turn.closed}
    told = [f"{word}: {_listed(alarms)}" for word, alarms in parts.items() if alarms]
    return f"[Endcap {shop}] {'; '.join(told)}"


def _listed(alarms: tuple[Alarm, ...]) -> str:
    names = [titled(alarm) for alarm in alarms]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def titled(alarm: Alarm) -> str:
    """The title of an alarm with its subject, as people read it."""
    return alarm.title + (f" ({alarm.subject.replace('_', ' ')})" if alarm.subject else "")
