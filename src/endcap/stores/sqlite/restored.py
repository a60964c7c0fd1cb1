"""Files of a shop that were restored from a backup, one without the other."""

from __future__ import annotations

from endcap.stores.sqlite.decisions import SqliteDecisions
from endcap.stores.sqlite.log import SqliteLog
from endcap.stores.sqlite.measures import SqliteMeasures
from endcap.stores.sqlite.watching import SqliteWatching


def forget_what_is_ahead(
    measures: SqliteMeasures, watching: SqliteWatching, log: SqliteLog, decisions: SqliteDecisions
) -> None:  # fmt: skip
    """Have everything measured and counted anew where that was done further than events and answers reach.

    Then they come from an older backup: the sums hold what is there no more, and what comes next would not be measured until it
    reaches the place where measuring stood.
    """
    measured, watched = measures.progress(), watching.progress()  # before the others, which go on meanwhile
    reached, answered = log.last_seq(), decisions.last_place()
    if measured.log_seq > reached or measured.answer_place > answered:
        measures.clear()
    if watched > reached:
        watching.clear()
