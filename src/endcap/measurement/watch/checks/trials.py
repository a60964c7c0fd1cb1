"""Whether the running experiments have the split that was planned."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from endcap.core.experiment import EXPERIMENT_KIND, Experiment
from endcap.core.time import HOUR_MS
from endcap.errors import EndcapError
from endcap.experiments.sample_ratio import ALARM
from endcap.measurement.trials import trial
from endcap.measurement.watch.check import Check, Finding, Look


def look(at: Look) -> Iterator[Finding]:
    """The sample-ratio test of each experiment that runs."""
    for name, body in sorted(at.stores.documents.all(EXPERIMENT_KIND).items()):
        try:
            experiment = msgspec.json.decode(body, type=Experiment)
            runs = experiment.started_ms is not None and experiment.stopped_ms is None
            finding = _of_experiment(at, name) if runs else None
        except (msgspec.MsgspecError, EndcapError) as error:
            finding = Finding(verdict="unknown", subject=name, sentence=f"The experiment cannot be judged: {error}")
        if finding is not None:
            yield finding


def _of_experiment(at: Look, name: str) -> Finding | None:
    analysis = trial(at.stores, name, at.now_ms).analysis
    if analysis is None:
        return None
    ratio = analysis.sample_ratio
    if ratio.p is None:
        return Finding(verdict="unknown", subject=name, limit=ALARM, shown="p", sentence=ratio.reason or "")
    counts = " : ".join(f"{count:,}" for count in ratio.counts)
    sentence = f"The arms of {name} have {counts} shoppers (p = {ratio.p:.2g})."
    if ratio.alarm:
        sentence += " That is not the split that was planned: believe no figure of it, and find what loses shoppers of one arm."
    return Finding(
        verdict="bad" if ratio.alarm else "fine", subject=name, value=ratio.p, limit=ALARM, shown="p", sentence=sentence
    )


CHECK = Check(name="trials", title="Split of experiments", look=look, every_ms=HOUR_MS)
