"""Trying the targets of a watch before they are needed."""

from __future__ import annotations

from uuid import uuid4

import msgspec

from endcap.core.time import iso
from endcap.measurement.watch.delivering import Courier
from endcap.measurement.watch.messages import Message, targets
from endcap.measurement.watch.notes import Delivery
from endcap.measurement.watch.settings import watch_settings
from endcap.stores.ports import ShopStores


class Tried(msgspec.Struct, frozen=True):
    """What became of a message to each target: empty where it was taken, else why not."""

    targets: dict[str, str]


def try_targets(stores: ShopStores, now_ms: int, *, private: bool) -> Tried:
    """Send a message without alarms to every target, once each. Takes some seconds for a target that does not answer."""
    settings, courier = watch_settings(stores.documents), Courier(stores, private=private)
    found = {}
    for target in targets(settings):
        subject = f"[Endcap {stores.shop}] This is a test"
        message = Message(id=str(uuid4()), shop=stores.shop, at=iso(now_ms), subject=subject)
        delivery = Delivery(id=message.id, target=target, subject=subject, body=msgspec.json.encode(message), next_ms=now_ms)
        found[target] = courier.send(delivery, settings, now_ms) or ""
    return Tried(found)
