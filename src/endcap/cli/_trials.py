"""An experiment's results as text."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from endcap.experiments.result import Interval
from endcap.measurement.trials import Trial


def print_trial(found: Trial) -> None:
    """Print the verdict of an experiment, how far it is, and the figures of its arms."""
    console = Console(highlight=False)
    if found.preference is not None:
        share, shoppers = found.preference.share, f"{found.preference.sessions:,} shoppers"
        told = f"{share:.1%} of those who prefer one prefer {found.arms[1]}" if share is not None else found.preference.reason
        console.print(f"{shoppers}; {told}")
        return
    if found.analysis is None:
        console.print(f"{found.experiment.name} has not started")
        return
    console.print(found.analysis.verdict.sentence)
    console.print(found.analysis.verdict.reason)
    console.print(
        f"Day {found.days:.1f} of {found.days_wanted}; conversions {', '.join(f'{one:,}' for one in found.conversions)} "
        f"of {found.conversions_wanted:,} an arm."
    )
    table = Table(box=None, pad_edge=False)
    for heading in ("metric", "arm", "shoppers", "figure", "lift", "between"):
        table.add_column(heading, justify="left" if heading in {"metric", "arm"} else "right")
    for result in (found.analysis.primary, *found.analysis.guard_rails, *found.analysis.others):
        for arm, effect in zip(result.arms, (None, *result.effects), strict=True):
            lift = f"{effect.lift:+.1%}" if effect is not None and effect.lift is not None else ""
            between = _between(effect.lift_interval if found.analysis.due else effect.sequential_lift) if effect else ""
            value = f"{arm.value:.4g}" if arm.value is not None else ""
            table.add_row(result.title, arm.arm, f"{arm.units:,}", value, lift, between)
    console.print(table)


def _between(span: Interval | None) -> str:
    return f"{span.low:+.1%} to {span.high:+.1%}" if span is not None else ""
