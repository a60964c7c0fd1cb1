"""Write ``docs/explanation/why-you-can-trust-these-numbers.md`` and its charts from ``benchmarks/results/trust.json``.

With ``--check`` it only says what differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import trust_charts
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from endcap.experiments.planner import MIN_CONVERSIONS
from endcap.experiments.power import Baseline, detectable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULT = ROOT / "benchmarks" / "results" / "trust.json"
IMAGES = ROOT / "docs" / "images"
PAGE = ROOT / "docs" / "explanation" / "why-you-can-trust-these-numbers.md"


def percent(share: float, digits: int = 1) -> str:
    """A share in percent, as the page writes it."""
    return f"{share * 100.0:.{digits}f} %"


def smallest() -> float:
    """The smallest lift that 500 conversions an arm find with a chance of 80 %, where three in a hundred buy."""
    shop = Baseline(kind="proportion", mean=0.03)
    return detectable(shop, units=2 * MIN_CONVERSIONS / shop.mean) or 0.0


def pages() -> dict[Path, str]:
    """Every file that this script writes."""
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    charts = {
        "trust-alarms": trust_charts.alarms(found["false_alarms"]),
        "trust-coverage": trust_charts.coverage(found["coverage"]),
        "trust-peeking": trust_charts.peeking(found["false_alarms"]),
        "trust-cuped": trust_charts.cuped(found["shrinkage"]),
        "trust-shops": trust_charts.shops(found["shops"]),
        "trust-rankings": trust_charts.rankings(found["rankings"]),
    }
    environment = Environment(loader=FileSystemLoader(HERE), undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["percent"] = percent
    written = {IMAGES / f"{name}.svg": text for name, text in charts.items()}
    return written | {PAGE: environment.get_template("trust.md.jinja").render(found, smallest=smallest())}


def main() -> None:
    """Write or compare."""
    written = pages()
    different = [path for path, text in written.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv and different:
        sys.exit(f"{', '.join(path.name for path in different)}: not what the trial says; run scripts/write_trust.py")
    for path in different:
        path.write_text(written[path], encoding="utf-8")


if __name__ == "__main__":
    main()
