"""Reports that are mailed after each day, week or month of the shop's calendar."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from endcap.measurement.calendar import zone_of
from endcap.measurement.dashboard.contents import PLACED, TILES, Dashboard, Reporting, dashboard
from endcap.measurement.dashboard.mail import html_of
from endcap.measurement.dashboard.pdf import pdf_of
from endcap.measurement.export import csv_of
from endcap.measurement.questions import ReportQuery
from endcap.measurement.settings import settings_of
from endcap.measurement.watch.messages import EMAIL
from endcap.measurement.watch.notes import Delivery, Notes, keep_notes, read_notes, standing
from endcap.measurement.watch.sending import send_mail, written_mail
from endcap.measurement.watch.settings import Every, Scheduled, WatchSettings, watch_settings
from endcap.measurement.watch.written import notices_of
from endcap.stores.ports import ShopStores

_CAS_TRIES = 10


class Span(msgspec.Struct, frozen=True):
    """What a report is of."""

    since_ms: int
    until_ms: int


def last_full(every: Every, now_ms: int, zone: ZoneInfo) -> Span:
    """The last day, week (Monday to Sunday) or month that is over on the shop's wall.

    >>> span = last_full("month", 1_774_863_000_000, ZoneInfo("Europe/Berlin"))  # 30 March 2026
    >>> (span.until_ms - span.since_ms) // 3_600_000
    672
    """
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    if every == "day":
        first, until = today - timedelta(days=1), today
    elif every == "week":
        until = today - timedelta(days=today.weekday())
        first = until - timedelta(days=7)
    else:
        until = today.replace(day=1)
        first = (until - timedelta(days=1)).replace(day=1)
    return Span(_midnight(first, zone), _midnight(until, zone))


class Reporter:
    """Plans the reports of a shop, and mails them."""

    def __init__(self, stores: ShopStores, reporting: Reporting, *, private: bool = False) -> None:
        self._stores, self._reporting, self._private = stores, reporting, private

    def plan(self, now_ms: int) -> None:
        """Put the reports that are due on their way, each once. One that is new begins with the period that it is made in; of
        several that were missed the newest is sent."""
        settings = watch_settings(self._stores.documents)
        zone = zone_of(settings_of(self._stores.documents).time_zone)
        for _ in range(_CAS_TRIES):
            version, notes = read_notes(self._stores)
            after = planned(self._stores.shop, notes, settings, now_ms, zone)
            if after == notes or keep_notes(self._stores, version, after):
                return

    def send(self, delivery: Delivery, settings: WatchSettings) -> None:
        """Mail a report; nothing where it is not wanted any more. Raises OSError where it was not taken."""
        scheduled = next((one for one in settings.reports if one.name == delivery.report), None)
        if scheduled is None or settings.email is None:
            return
        span = msgspec.json.decode(delivery.body, type=Span)
        notices = notices_of(standing(self._stores, span.until_ms).open)
        found = dashboard(self._stores.shop, self._reporting, span.since_ms, span.until_ms, notices)
        mail = written_mail(settings.email, delivery.id, f"[Endcap] {found.shop}, {found.period}", text_of(found))
        mail.add_alternative(html_of(found), subtype="html")
        if "csv" in scheduled.attach:
            rows = csv_of(self._reporting(_daily(span)))
            mail.add_attachment(rows.encode(), maintype="text", subtype="csv", filename=f"endcap-{scheduled.name}.csv")
        if "pdf" in scheduled.attach:
            mail.add_attachment(pdf_of(found), maintype="application", subtype="pdf", filename=f"endcap-{scheduled.name}.pdf")
        send_mail(settings.email, mail, private=self._private)


def planned(shop: str, notes: Notes, settings: WatchSettings, now_ms: int, zone: ZoneInfo) -> Notes:
    """The notes with the reports that are due in the outbox."""
    sent, outbox = {}, notes.outbox
    for one in settings.reports:
        span, before = last_full(one.every, now_ms, zone), notes.sent_until.get(one.name)
        sent[one.name] = span.until_ms if before is None else before
        if before is not None and before < span.until_ms and now_ms >= _due(span, one, zone):
            sent[one.name] = span.until_ms
            outbox = (*outbox, _delivery(shop, one.name, span, now_ms))
    return msgspec.structs.replace(notes, sent_until=sent, outbox=outbox)


def text_of(found: Dashboard) -> str:
    """The report for a mail program that shows no HTML."""
    lines = (f"{one.title}: {one.value} (before: {one.before})" for one in found.lines)
    return "\n".join([f"{found.shop}, {found.period}, compared with {found.compared}", "", *lines])


def _daily(span: Span) -> ReportQuery:
    metrics = tuple(dict.fromkeys((*TILES, *PLACED)))
    return ReportQuery(since_ms=span.since_ms, until_ms=span.until_ms, by=("placement",), step="day", metrics=metrics)


def _delivery(shop: str, name: str, span: Span, now_ms: int) -> Delivery:
    delivery_id = f"{shop}-{name}-{span.until_ms}"
    return Delivery(id=delivery_id, target=EMAIL, subject=name, body=msgspec.json.encode(span), next_ms=now_ms, report=name)


def _due(span: Span, scheduled: Scheduled, zone: ZoneInfo) -> int:
    day = datetime.fromtimestamp(span.until_ms / 1000, zone).date()
    return round(datetime.combine(day, time(scheduled.hour), zone).timestamp() * 1000)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)
