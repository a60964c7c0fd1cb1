"""Delivering what the watch has to tell: each message to its target, tried again with the same id, a bounded number of times."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from endcap.core.time import HOUR_MS, MINUTE_MS
from endcap.errors import BadInput
from endcap.measurement.watch.messages import EMAIL, WEBHOOK, Message
from endcap.measurement.watch.notes import Delivery, Notes, keep_notes, read_notes
from endcap.measurement.watch.sending import post_signed, send_mail, written_mail
from endcap.measurement.watch.settings import WatchSettings, watch_settings
from endcap.measurement.watch.written import text_of
from endcap.stores.ports import ShopStores

WAITS_MS = (MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 6 * HOUR_MS)
"""How long after each try the next one comes; after the last of them a message is given up at the next failure."""

A_ROUND = 20
"""How many messages are sent at most before other things get their turn."""

GIVEN_UP_KEPT = 20
_CAS_TRIES = 10


SendReport = Callable[[Delivery, WatchSettings], None]
"""Makes the report that a delivery stands for, and mails it. Raises OSError where it was not taken."""


def no_reports(_delivery: Delivery, _settings: WatchSettings) -> None:
    """For whoever schedules none."""


class Courier:
    """Delivers the messages of one shop. A message is claimed before it is sent, so that two processes do not send it both."""

    def __init__(self, stores: ShopStores, *, private: bool = False, send_report: SendReport = no_reports) -> None:
        self._stores, self._private, self._send_report = stores, private, send_report

    def deliver(self, now_ms: int, ending: Callable[[], bool] = bool) -> int:
        """Send what is due; returns how many were taken. A target that fails is left alone until the next round."""
        settings, failing, taken = watch_settings(self._stores.documents), set[str](), 0
        for _ in range(A_ROUND):
            claimed = None if ending() else self._claim(now_ms, failing)
            if claimed is None:
                break
            failure = self.send(claimed, settings, now_ms)
            self._settle(claimed, failure)
            if failure is not None:
                failing.add(claimed.target)
            taken += failure is None
        return taken

    def send(self, delivery: Delivery, settings: WatchSettings, now_ms: int) -> str | None:
        """Send a message once; returns why it was not taken, or nothing where it was."""
        try:
            self._send(delivery, settings, now_ms)
        except (OSError, BadInput, ValueError) as error:
            return _failure(error)
        return None

    def _claim(self, now_ms: int, failing: set[str]) -> Delivery | None:
        """The next message that is due, put off for others as if this try had failed already."""
        for _ in range(_CAS_TRIES):
            version, notes = read_notes(self._stores)
            due = next((one for one in notes.outbox if one.next_ms <= now_ms and one.target not in failing), None)
            if due is None:
                return None
            wait_ms = WAITS_MS[min(due.tries, len(WAITS_MS) - 1)]
            claimed = msgspec.structs.replace(due, tries=due.tries + 1, next_ms=now_ms + wait_ms)
            outbox = tuple(claimed if one.id == due.id else one for one in notes.outbox)
            if keep_notes(self._stores, version, msgspec.structs.replace(notes, outbox=outbox)):
                return claimed
        return None

    def _settle(self, sent: Delivery, failure: str | None) -> None:
        for _ in range(_CAS_TRIES):
            version, notes = read_notes(self._stores)
            if keep_notes(self._stores, version, _settled(notes, sent, failure)):
                return

    def _send(self, delivery: Delivery, settings: WatchSettings, now_ms: int) -> None:
        """Send it; what is for a target that is not kept any more is done with."""
        if delivery.report:
            self._send_report(delivery, settings)
        elif delivery.target == EMAIL and settings.email is not None:
            message = msgspec.json.decode(delivery.body, type=Message)
            mail = written_mail(settings.email, delivery.id, delivery.subject, text_of(message))
            send_mail(settings.email, mail, private=self._private)
        else:
            hook = next((one for one in settings.webhooks if WEBHOOK + one.name == delivery.target), None)
            if hook is not None:
                post_signed(hook, delivery.id, delivery.body, now_ms, private=self._private)


def _settled(notes: Notes, sent: Delivery, failure: str | None) -> Notes:
    others = tuple(one for one in notes.outbox if one.id != sent.id)
    if failure is None:
        return msgspec.structs.replace(notes, outbox=others)
    told = msgspec.structs.replace(sent, failure=failure)
    if sent.tries > len(WAITS_MS):
        lost: Sequence[Delivery] = (*notes.given_up, msgspec.structs.replace(told, body=b""))
        return msgspec.structs.replace(notes, outbox=others, given_up=tuple(lost[-GIVEN_UP_KEPT:]))
    return msgspec.structs.replace(notes, outbox=(*others, told))


def _failure(error: Exception) -> str:
    """What went wrong, without what a server may have said: that could repeat a secret."""
    if isinstance(error, BadInput):
        return error.message
    code = getattr(error, "smtp_code", None)
    text = str(error) if type(error) is OSError or isinstance(error, TimeoutError) else type(error).__name__
    return f"{text} ({code})" if code is not None else text
