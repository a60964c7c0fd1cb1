"""Alarms in words, as mails have them."""

from __future__ import annotations

from collections.abc import Iterator

from endcap.measurement.dashboard.contents import Notice
from endcap.measurement.watch.alarms import Alarm
from endcap.measurement.watch.messages import Message, titled


def text_of(message: Message) -> str:
    """The text of a mail.

    >>> print(text_of(Message(id="1", shop="gifts", at="2026-05-01T10:00:00Z", subject="")))
    The watch over the shop gifts, 2026-05-01T10:00:00Z
    <BLANKLINE>
    `endcap watch --once` and the page Data health of the console say how everything stands.
    """
    parts = [f"The watch over the shop {message.shop}, {message.at}"]
    for heading, alarms in (("NEW", message.opened), ("STILL ON", message.still_on), ("OVER", message.closed)):
        parts += _listed(heading, alarms)
    parts.append("`endcap watch --once` and the page Data health of the console say how everything stands.")
    return "\n\n".join(parts)


def _listed(heading: str, alarms: tuple[Alarm, ...]) -> Iterator[str]:
    for notice in notices_of(alarms):
        yield f"{heading}: {notice.title}\n{notice.sentence}"


def notices_of(alarms: tuple[Alarm, ...]) -> tuple[Notice, ...]:
    """Alarms as a dashboard shows them."""
    return tuple(Notice(titled(alarm), alarm.sentence) for alarm in alarms)
