"""Events in Endcap's own format, one JSON object a line, as ``endcap export events`` writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from endcap.connectors.base import BATCH_EVENTS, Batch, EventConnector, Field, Reading, Reject, Source, Unsound
from endcap.core.events import EVENT_TYPES, Event


class EndcapEvents(EventConnector, frozen=True, kw_only=True):
    """Read as a stream, so a file may be larger than memory. Events keep their ids and their order."""

    label: ClassVar[str] = "Endcap's events"
    fields: ClassVar[tuple[Field, ...]] = (Field("type", ("type",), required=True), Field("at", ("at",), required=True))

    def fitness(self, source: Source, mapping: Mapping[str, str]) -> int:
        """Whether the lines are JSON objects with a type of event."""
        if source.format != "jsonl" or not super().fitness(source, mapping):
            return 0
        types = source.sample[mapping["type"]].drop_nulls()
        return 1_000 if any(one in EVENT_TYPES for one in types) else 0

    def read(self, reading: Reading) -> Iterator[Batch]:
        """The events, some at a time."""
        reader = self.reader(reading.now_ms)
        events: list[Event] = []
        rejects: list[Reject] = []
        for number, line in reading.source.numbered_lines():
            try:
                events.append(reader.event(line))
            except Unsound as unsound:
                rejects.append(unsound.reject(number))
            if len(events) + len(rejects) >= BATCH_EVENTS:
                yield Batch(events=events, rejects=rejects, accepted=len(events), share=number / reading.source.lines)
                events, rejects = [], []
        if events or rejects:
            yield Batch(events=events, rejects=rejects, accepted=len(events), share=1.0)
