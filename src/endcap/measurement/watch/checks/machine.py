"""Whether the machine and the jobs beside the server keep up: the bundle's age, the disk, the figures."""

from __future__ import annotations

from collections.abc import Iterator

from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.measurement.behind import behind
from endcap.measurement.watch.check import Check, Finding, Look, Verdict, above, unknown

_GIB = 2**30


def _bundle(at: Look) -> Iterator[Finding]:
    active = at.stores.bundles.active()
    if active is None:
        yield from unknown("There is no bundle yet: train one.")
        return
    manifest = next((one for one in at.stores.bundles.list() if one.version == active), None)
    if manifest is None:
        yield Finding(verdict="bad", sentence="The active bundle cannot be read. Activate another one, or train anew.")
        return
    days, limit = (at.now_ms - manifest.created_at_ms) / DAY_MS, at.limits.bundle_days
    sentence = f"The bundle that serves was trained {days:.1f} days ago."
    verdict: Verdict = "bad" if days > limit else "fine"
    if verdict == "bad":
        sentence += " Train a new one; a schedule that runs `endcap train` every night keeps it fresh."
    yield Finding(verdict=verdict, value=round(max(0.0, days), 2), limit=limit, shown="days", sentence=sentence)


def _disk(at: Look) -> Iterator[Finding]:
    if at.disk is None:
        yield from unknown("The shop is not kept on a disk of this machine.")
        return
    free, total = at.disk
    share, limit = free / max(1, total), at.limits.disk_free
    verdict: Verdict = "bad" if share < limit else "fine" if share >= 1.2 * limit else "between"
    sentence = f"{free / _GIB:,.1f} GiB of the disk are free, {share:.0%} of it."
    if verdict == "bad":
        sentence += " Make room or move the home to a larger disk: a full disk accepts no events."
    yield Finding(verdict=verdict, value=round(share, 4), limit=limit, shown="share", sentence=sentence)


def _measuring(at: Look) -> Iterator[Finding]:
    unmeasured = behind(at.stores)
    together, limit = sum(unmeasured), at.limits.unmeasured
    verdict = above(together, limit, limit / 2)
    sentence = f"{unmeasured.events:,} events and {unmeasured.answers:,} answers are not in the figures yet."
    if verdict == "bad":
        sentence += " Run `endcap measure`, and look at the server's log for what keeps it."
    yield Finding(verdict=verdict, value=together, limit=limit, sentence=sentence)


CHECKS = (
    Check(name="bundle", title="Age of the bundle", look=_bundle, every_ms=10 * MINUTE_MS),
    Check(name="disk", title="Disk space", look=_disk),
    Check(name="measuring", title="Figures are behind", look=_measuring, hold_ms=10 * MINUTE_MS),
)
