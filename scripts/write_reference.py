"""Write the generated pages of ``docs/reference`` from the code; with ``--check`` only tell which ones differ."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import typer

from endcap import errors, registry
from endcap.cli import app
from endcap.core.catalog import Item
from endcap.core.events import EVENT_TYPES, REQUIRED, Event
from endcap.core.experiment import Allocating, Arm, Change, Experiment, Factor, Namespace
from endcap.core.layout import Layout
from endcap.core.meaning import TOLD
from endcap.core.placement import Exploration, Placement, Shelf, Source, Wording
from endcap.core.request import RecommendRequest
from endcap.dataset.stats import UNITS
from endcap.measurement.catalogue import ASSUMPTIONS, GOALS, GROUPS, Benchmark, Metric
from endcap.measurement.components import COMPONENTS
from endcap.measurement.formulas import written
from endcap.measurement.trial_metrics import trial_metrics
from endcap.ranking.rules.base import Rule, SelectingRule
from endcap.serving.placements import shipped
from endcap.serving.reasons import TEMPLATES
from endcap.stores import remembering
from endcap.stores.remembering import KEPT
from endcap.training.readiness import planned
from endcap.web.application import OPERATIONS
from endcap.web.openapi import rendered

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by scripts/write_reference.py; change the code and run `make docs`. -->\n"


def first_line(thing: Any) -> str:
    """The first sentence of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n", 1)[0]


def table(headings: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command below one, with the words that call it."""
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            yield from commands(command.get_command(None, name), f"{path} {name}")
    else:
        yield path, command


def cli() -> str:
    """All verbs with their options."""
    text = f"# Command line\n\n{NOTE}\nExit codes: 0 done, 1 an error that the message explains, 2 wrong usage, 75 try again.\n"
    for path, command in commands(typer.main.get_command(app), "endcap"):
        text += f"\n## `{path}`\n\n{inspect.cleandoc(command.help or '')}\n\n"
        rows = []
        for param in command.params:
            names = ", ".join(f"`{name}`" for name in [*param.opts, *param.secondary_opts])
            help_text = getattr(param, "help", None) or ""
            if param.name != "help":
                rows.append([names if param.param_type_name == "option" else f"`{param.name}`", help_text])
        text += table(["option", "meaning"], rows) if rows else ""
    return text


def error_codes() -> str:
    """All errors with their codes."""
    text = f"# Errors\n\n{NOTE}\nEvery error has a stable code and names the field, the value and the remedy.\n\n"
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.EndcapError)]
    rows = [[f"`{one.code}`", str(one.status), "yes" if one.retry else "no", first_line(one)] for one in classes]
    return text + table(["code", "HTTP status", "a retry helps", "meaning"], rows)


def events() -> str:
    """Event types and fields."""
    text = f"# Events and products\n\n{NOTE}\n## Event types\n\n"
    text += table(
        ["type", "needs"], [[f"`{name}`", ", ".join(f"`{one}`" for one in REQUIRED.get(name, ()))] for name in EVENT_TYPES]
    )
    text += "\n## What Endcap reads in `context`\n\nAnything else in it is the shop's own.\n\n"
    rows = [[", ".join(f"`{kind}`" for kind in kinds), f"`{key}`", holds, means] for kinds, key, holds, means in TOLD]
    text += table(["of", "key", "holds", "meaning"], rows)
    text += f"\n## What is remembered of a person\n\n{remembering.__doc__.partition('.')[2].strip()}\n\n"
    text += table(["what", "how much"], [[what, f"{most:,}"] for what, most in KEPT.items()])
    for part in (Event, Item, RecommendRequest):
        text += f"\n## {part.__name__}\n\n{inspect.getdoc(part)}\n\nFields: "
        text += ", ".join(f"`{name}`" for name in part.__struct_fields__) + ".\n"
    return text


def placements() -> str:
    """Shipped placements, their shelves and reason codes."""
    text = f"# Placements, shelves and reasons\n\n{NOTE}\n{PLACEMENTS}\n"
    for name, placement in shipped().items():
        cap = "" if placement.capped else " It does not shrink for a shopper who has seen enough."
        text += f"## `{name}`\n\n{placement.description} At most {placement.max_count} products.{cap}\n\n"
        columns = ["shelf", "heading", "count", "sources", "topped up from", "rules", "variety", "chance", "discount"]
        text += table(columns, [shelf_row(shelf, placement) for shelf in placement.shelves])
        text += "\nRules on all of them: " + ", ".join(f"`{rule['rule']}`" for rule in placement.rules) + ".\n\n"
    languages = sorted({language for one in shipped().values() for shelf in one.shelves for language in shelf.wordings})
    text += "## Headings\n\n" + table(["shelf", "otherwise", *languages], [
        [f"`{name}.{shelf.name}`", worded(shelf), *(worded(shelf.wordings[language]) for language in languages)]
        for name, placement in shipped().items() for shelf in placement.shelves
    ])  # fmt: skip
    text += "\n## Rules\n\nThe rules that a placement or a shelf may have are on [a page of their own](rules.md).\n"
    text += "\n## Reason codes\n\n" + table(["code", "sentence"], [[f"`{code}`", words] for code, words in TEMPLATES.items()])
    return text


def shelf_row(shelf: Shelf, placement: Placement) -> list[str]:
    """A shelf in the table of its placement."""
    variety, chance = shelf.diversity or placement.diversity, shelf.exploration or placement.exploration
    quotas = [f"{variety.min_categories} categories"] if variety.min_categories else []
    quotas += ["price tiers"] if variety.price_tiers else []
    return [
        f"`{shelf.name}`", worded(shelf), f"{shelf.min_count}–{shelf.max_count}",
        ", ".join(map(asked, shelf.sources)) + (f"; until training chose for `{shelf.learned.task}`" if shelf.learned else ""),
        ", ".join(one.artifact for one in shelf.fallback),
        ", ".join(f"`{rule['rule']}`" for rule in shelf.rules),
        "none" if variety.method == "none" else ", ".join([f"{variety.method} {variety.dial:g}", *quotas]),
        ", ".join(drawn(chance)) or "none",
        f"{shelf.bundle_discount:g} %" if shelf.bundle_discount else "",
    ]  # fmt: skip


def asked(source: Source) -> str:
    """A source with what it is asked with and its weight."""
    narrowed = ", same category" if source.same_category else ""
    return f"{source.artifact} ({source.ask}{narrowed}) × {source.weight:g}"


def drawn(chance: Exploration) -> list[str]:
    """How slots are given to chance."""
    text = [f"{chance.epsilon:.0%}"] if chance.epsilon else []
    text += [f"{chance.new_share:.0%} of it new"] if chance.epsilon and chance.new_share else []
    return [*text, "Thompson"] if chance.thompson else text


def worded(heading: Shelf | Wording) -> str:
    """A heading, and the one for somebody of whom more is known."""
    return heading.title + (f" / {heading.personal}" if heading.personal else "")


def rules() -> str:
    """All rules with their options, and those that every rule takes."""
    common = Rule.__struct_fields__
    text = f"# Rules\n\n{NOTE}\n{RULES}\n" + table(["option of every rule", "default"], option_rows(Rule, common))
    for name in registry.names("rules"):
        rule: Any = registry.find("rules", name)
        selecting = f"Which these are: {formula(SelectingRule)}\n\n" if issubclass(rule, SelectingRule) else ""
        text += f"\n## `{name}`\n\n{formula(rule)}\n\n{selecting}Explanations say: {rule.label}.\n"
        own = [field for field in rule.__struct_fields__ if field not in common]
        text += "\n" + table(["option", "default"], option_rows(rule, own)) if own else ""
    return text


def option_rows(part: Any, names: Iterable[str]) -> list[list[str]]:
    """The options of a part with their defaults, as JSON."""
    defaults = part().options()
    return [[f"`{name}`", f"`{msgspec.json.encode(defaults[name]).decode()}`"] for name in names]


def experiments() -> str:
    """The fields of an experiment and of what it holds, and the metrics that it can be judged by."""
    text = f"# Experiments\n\n{NOTE}\nHow to use them is told in [a page of its own](../how-to/experiment.md).\n"
    for part in (Experiment, Arm, Change, Layout, Factor, Namespace, Allocating):
        text += f"\n## {part.__name__}\n\n{inspect.cleandoc(inspect.getdoc(part) or '')}\n\n"
        rows = [[f"`{one.encode_name}`", kind_of(one.type), default_of(one)] for one in msgspec.structs.fields(part)]
        text += table(["field", "type", "default"], rows)
    rows = [[f"`{one.name}`", one.title, "down" if one.direction == "down" else "up"] for one in trial_metrics().values()]
    text += "\n## Metrics\n\nWhat is told of a single shopper, from the first answer to the end.\n\n"
    return text.replace("``", "`") + table(["metric", "title", "better"], rows)


WORDS_OF_TYPES = {"str": "text", "int": "whole number", "float": "number", "datetime": "ISO 8601", "Any": "anything"}


def kind_of(hint: Any) -> str:
    """A type as a person writes it, without bounds and module names."""
    if get_origin(hint) is Annotated:
        return kind_of(get_args(hint)[0])
    if get_origin(hint) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(hint))
    parts = [kind_of(one) for one in get_args(hint) if one is not type(None) and one is not Ellipsis]
    if get_origin(hint) is tuple:
        return f"list of {parts[0]}"
    if get_origin(hint) is dict:
        return f"table of {parts[1]}"
    return " or ".join(parts) if parts else WORDS_OF_TYPES.get(hint.__name__, hint.__name__)


def default_of(field: msgspec.structs.FieldInfo) -> str:
    """What a field is where it is not sent."""
    if field.default is None or field.default_factory is not msgspec.NODEFAULT:
        return ""
    if field.default is msgspec.NODEFAULT:
        return "needed"
    plain = msgspec.to_builtins(field.default)
    return f"`{plain}`" if plain not in ("", [], (), {}) and not isinstance(plain, dict) else ""


def http() -> str:
    """All operations of the HTTP interface."""
    text = (
        f"# HTTP interface\n\n{NOTE}\nThe whole description, with every field, is [openapi.json](openapi.json); a running server "
    )
    text += "gives it at `/openapi.json`, and a page at `/docs`. A key is sent as `Authorization: Bearer KEY`; the shop is the "
    text += "key's.\n\n"
    rows = [
        [f"`{one.method} {one.path}`", ", ".join(one.keys) or "none needed", ", ".join(map(str, one.success)), one.summary]
        for one in OPERATIONS
    ]
    text += table(["operation", "keys", "answers", "what it does"], rows)
    text += '\nEvery error has the form `{"error": {"code", "message", "field", "value", "remedy"}}`; see [errors](errors.md).\n'
    return text


def metrics() -> str:
    """The catalogue of metrics, how their intervals are made, and the components that they are computed from."""
    text = f"# Metrics\n\n{NOTE}\n{METRICS}\n## How intervals are made\n\n"
    assumed = [[f"`{name}`", words] for name, words in ASSUMPTIONS.items()]
    first = [[f"`{goal}`", ", ".join(f"`{name}`" for name in names)] for goal, names in GOALS.items()]
    text += table(["interval", "how, and what it takes for granted"], assumed)
    text += "\n## Goals of a shop\n\n" + table(["goal", "metrics that stand first"], first)
    for title, group in GROUPS.items():
        text += f"\n## {title}\n\n"
        text += table(["metric", "meaning", "formula", "unit", "better", "kind", "interval"], [metric_row(one) for one in group])
        usual = [[f"`{one.name}`", mark.label, usual_of(mark), aim_of(mark)] for one in group for mark in one.benchmarks]
        text += "\n" + table(["metric", "where", "usual", "target"], usual) if usual else ""
    text += f"\n## Components\n\n{COMPONENTS_TEXT}\n"
    rows = [[f"`{one.name}`", one.unit, one.scope, one.meaning] for one in COMPONENTS]
    return text + table(["component", "unit", "told apart", "meaning"], rows)


def metric_row(metric: Metric) -> list[str]:
    """A metric in the table of its group."""
    needs = f" Needs: {metric.needs}" if metric.needs else ""
    better = {"up": "more", "down": "less", "none": "neither"}[metric.direction]
    return [
        f"`{metric.name}` {metric.title}", metric.sentence + needs, f"`{written(metric.formula)}`", metric.unit, better,
        metric.role.replace("_", "-"), f"`{metric.interval}`",
    ]  # fmt: skip


def usual_of(mark: Benchmark) -> str:
    """The range of a benchmark."""
    return f"{in_words(mark.low)} to {in_words(mark.high)}" if mark.low is not None and mark.high is not None else ""


def aim_of(mark: Benchmark) -> str:
    """The target of a benchmark."""
    return in_words(mark.target) if mark.target is not None else ""


def in_words(value: float) -> str:
    """A share as a percentage, another number as it is."""
    return f"{value:.0%}" if value < 1 else f"{value:g}"


def described() -> str:
    """The OpenAPI document."""
    return rendered(OPERATIONS).decode()


def algorithms() -> str:
    """Algorithms with their formulas, sources, options and the data they want."""
    text = f"# Algorithms\n\n{NOTE}\n{ALGORITHMS}\n"
    text += table(["measure", "what it counts"], [[f"`{name}`", words] for name, words in UNITS.items()])
    return text + described_algorithms(set(registry.names("algorithms")) - set(registry.of_extra("algorithms", "neural")))


def neural() -> str:
    """The same for the algorithms of the extra ``neural``, which training makes on demand only."""
    return f"# Neural algorithms\n\n{NOTE}\n{NEURAL}" + described_algorithms(set(registry.of_extra("algorithms", "neural")))


def described_algorithms(names: set[str]) -> str:
    """A section for each of these algorithms."""
    text = ""
    plans = list(planned(also=names))
    for name in sorted(names):
        algorithm: Any = registry.find("algorithms", name)
        own = [plan for plan in plans if plan.algorithm_name == name]
        text += f"\n## `{name}`\n\n{formula(algorithm)}\n\n"
        rows = [
            [f"`{plan.name}`", plan.label, f"{plan.requirement.at_least:,} {UNITS[plan.requirement.measure]}",
             ", ".join(f"{option} = {value}" for option, value in plan.variant.options.items())]
            for plan in own
        ]  # fmt: skip
        text += table(["artifact", "shown as", "is ready with", "made with"], rows) + "\n"
        made, fixed = (own[0].algorithm, own[0].variant.options) if own else (algorithm(), {})
        grid = made.grid
        options = made.options() | {option: algorithm().options()[option] for option in fixed}
        rows = [[f"`{option}`", f"`{value}`", ", ".join(map(str, grid.get(option, ())))] for option, value in options.items()]
        text += table(["option", "default", "tried on held-out time"], rows)
    return text


def formula(algorithm: Any) -> str:
    """The docstring of an algorithm without the example at its end."""
    text = re.sub(r":\w+:`[\w.]*?(\w+)`", r"`\1`", inspect.getdoc(algorithm) or "")
    paragraphs = text.split("\n\n")
    return "\n\n".join(paragraph for paragraph in paragraphs if ">>>" not in paragraph and not paragraph.endswith(":"))


ALGORITHMS = """\
`endcap train` fits every algorithm here and puts what it made into one bundle; placements name the artifacts and weigh them.

Options are chosen where there is enough data: the newest tenth of the orders or visits is held out, each combination of the
values that are tried is fitted on what came before, and the one with the best MRR@20 + HR@20 / 4 on the held-out part is fitted
again on everything. With fewer than 200 held-out questions the defaults stay.

`sharpness` is a power that scores are raised to. What several items ask for together is scored by a sum: at 1 all of them add up,
and the higher the power, the more the closest one alone decides.

Every algorithm says how much data it wants; `endcap check` shows how much there is, how fast it grows and what is served
meanwhile. An algorithm that wants more is fitted all the same and marked as warming up. Pairs count once two orders, visits or
people agree on them: one alone may be chance.
"""

PLACEMENTS = """\
What is shipped; a shop's own placement of the same name replaces it. [How to change what is shown](../how-to/shelves.md) says
more.

A source is asked with what stands in brackets. "Variety" is the method and its dial, from 0, the best first, to 1, and what a
shelf must hold as far as its candidates have it. "Chance" is how often a slot is given to a product that ranks lower, so that
it can be learnt.
"""

RULES = """\
A rule keeps products out of an answer, moves them up or down, gives them places, or lets only so many of a kind through. It
holds on every placement of a shop (`endcap rules put`, `PUT /v1/rules`), on one placement or on one shelf (their `rules`),
written as a table with the name of the rule and its options: `{ rule = "not_bought_within", days = 30 }`. Keeping out wins over
everything else, and is done before products are chosen, so that others take the places. [Add your own](../how-to/add-a-rule.md)
with one file.

A rule holds from `starts_at` until before `ends_at` (ISO 8601, or milliseconds since 1970), for shoppers in one of the segments
of its `audience`, or for all. Where two rules want one place, or both keep a product out, the one of higher `priority` has it,
or is named. With `dry_run` it changes nothing, and explanations tell what it would have done. `note` is for whoever asks why.
"""

NEURAL = """\
These come with `pip install 'endcap[neural]'`, are left out of training and evaluation unless they are asked for, and want 10,000
acts. torch trains them; what is served are plain arrays, and no server ever loads torch.
"""

METRICS = """\
Every metric is defined once, in `src/endcap/measurement/catalogue/`; this page, `GET /v1/metrics`, reports, the console and
exports come from there. A formula is data over components, which are whole numbers that add up over hours, shelves and people
(money in the minor unit): the figures of a longer time or of a larger part of the shop are computed from the added sums, never
from other figures. [How to measure](../how-to/measure.md) says where to read them.

A figure has a value, and an interval where one can be made, or it has none and says why: the divisor is 0, there are fewer cases
than the metric wants, the shop has not told what it needs, or it cannot be told apart in that way. `share` 0.12 means 12 %,
`change` 0.12 means 12 % more, `multiple` 8.2 means 8.2 times; `money` is in the major unit of the shop's currency.
"""

COMPONENTS_TEXT = """\
What can be told apart: `shop` by arm, device and segment; `answer` by placement too; `shelf` by placement and shelf; `item` by
source as well. An arm is that of the holdout. A report by placement therefore has no orders of the whole shop, and says so.
`items_shown`, `items_offered`, `cost_implementation`, `cost_media`, `clv`, `clv_customers` and `customers_lost` in formulas are
no components: they come from the answers by week, the catalogue, the shop's costs and its customers, and are of the whole shop.
"""

PAGES = {
    "algorithms.md": algorithms,
    **({} if registry.lacking("algorithms") else {"neural.md": neural}),
    "cli.md": cli,
    "errors.md": error_codes,
    "events.md": events,
    "placements.md": placements,
    "experiments.md": experiments,
    "rules.md": rules,
    "http.md": http,
    "metrics.md": metrics,
    "openapi.json": described,
}


def main() -> int:
    """Write the pages; with ``--check`` return how many differ."""
    differing = 0
    for name, write in PAGES.items():
        path, text = REFERENCE / name, write()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        differing += 1
        if "--check" in sys.argv:
            print(f"{path.name} is not what the code says; run make docs")  # noqa: T201
        else:
            path.write_text(text, encoding="utf-8")
    return differing if "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
