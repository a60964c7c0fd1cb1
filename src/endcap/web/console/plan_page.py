"""The page on which an experiment is planned: a form in a merchandiser's words, and what would come of it beside."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from endcap.core.experiment import Experiment
from endcap.core.placement import Placement
from endcap.errors import EndcapError
from endcap.serving.shop_experiments import all_experiments, put_experiment
from endcap.web.console.audience_page import choices
from endcap.web.console.drafting import (
    COMBINED,
    COUNTS,
    DESIGNS,
    GOALS,
    KINDS,
    LAYOUTS,
    RANKINGS,
    SHARES,
    TIMES,
    drafted,
    wanted_lift,
)
from endcap.web.console.experiments import PATH, begin
from endcap.web.console.forms import FieldErrors
from endcap.web.console.frame import Address, Page, Redirect, Result, Visit
from endcap.web.console.planning import Outlook, outlook_of
from endcap.web.console.told import place, titles_of
from endcap.web.console.words import spoken

_FIELDS = (
    "title", "hypothesis", "where", "design", "change", "together", "counts", "layouts", "heading", "model", "times", "share",
    "audience", "metric",
    "lift", "days", "owner",
)  # fmt: skip
_USUAL = {"design": next(iter(DESIGNS)), "share": "100", "lift": "10", "change": "count", "metric": next(iter(GOALS))}
_OF_THE_FORM = {"placements": "where", "arms": "change", "factors": "change", "changes": "change", "patch": "change",
                "patch.shelves": "where",
                "name": "title", "min_days": "days", "shares": "share"}  # fmt: skip
"""Where the form says what the experiment has under another name."""


def new(visit: Visit) -> Page:
    """The empty form; the address may fill some of it in."""
    form = {**_USUAL, **{name: visit.query[name][:500] for name in _FIELDS if name in visit.query}}
    return _page(visit, form, FieldErrors(), None, [])


def preview(visit: Visit) -> Page:
    """The same page for what is being filled in, of which the script takes the outlook. Nothing is kept."""
    errors = FieldErrors()
    experiment, outlook = _understood(visit, errors)
    return _page(visit, visit.form, errors, outlook, list(titles_of(experiment).values()) if experiment else [])


def save(visit: Visit) -> Result:
    """Keep the experiment as a draft, or start it at once; what is wrong stands beside its field."""
    errors, documents = FieldErrors(), visit.shop.service.stores.documents
    experiment, outlook = _understood(visit, errors)
    if experiment is not None and not experiment.hypothesis.strip():
        errors.add(
            "hypothesis", "Write down what you expect, and why: afterwards anything is easily explained.", {"hypothesis": ""}
        )
    if experiment is not None and not errors:
        if not visit.form.get("days") and outlook is not None and outlook.plan is not None:
            experiment = _lasting(experiment, outlook.plan.days)
        try:
            put_experiment(documents, experiment)
            if visit.form.get("then") == "start":
                begin(documents, experiment.name, visit.now_ms)
        except EndcapError as error:
            errors.add(_OF_THE_FORM.get(error.field or "", error.field), _said(error), dict.fromkeys(_FIELDS, ""))
        else:
            visit.shop.service.refresh()
            word = "started" if visit.form.get("then") == "start" else "drafted"
            return Redirect(visit.link(f"{PATH}/{experiment.name}", done=word))
    arms = list(titles_of(experiment).values()) if experiment else []
    return _page(visit, visit.form, errors, outlook, arms, status=422)


def _lasting(experiment: Experiment, days: int) -> Experiment:
    return msgspec.structs.replace(experiment, min_days=min(days, 365))


def _understood(visit: Visit, errors: FieldErrors) -> tuple[Experiment | None, Outlook | None]:
    """The experiment that the form describes, and how it looks; what is wrong goes to ``errors``."""
    shop, form = visit.shop, visit.form
    taken = frozenset(one.name for one in all_experiments(shop.service.stores.documents))
    try:
        experiment, lift = drafted(form, _placements(visit), taken), wanted_lift(form)
    except EndcapError as error:
        errors.add(_OF_THE_FORM.get(error.field or "", error.field), _said(error), dict.fromkeys(_FIELDS, ""))
        return None, None
    return experiment, outlook_of(shop, experiment, lift, visit.now_ms)


def _said(error: EndcapError) -> str:
    sentence = error.sentence
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _placements(visit: Visit) -> dict[str, Placement]:
    return {name: ready.placement for name, ready in visit.shop.service.state.placements.items()}


def _page(
    visit: Visit, form: Mapping[str, str], errors: FieldErrors, outlook: Outlook | None, arms: list[str], status: int = 200
) -> Page:
    service = visit.shop.service
    places = [
        (place(name), name, [(shelf.title, f"{name}/{shelf.name}") for shelf in one.shelves])
        for name, one in sorted(_placements(visit).items(), key=lambda pair: place(pair[0]))
    ]
    models = sorted((spoken(name), name) for name in service.state.artifacts)
    return Page(
        "experiment_new.html",
        {
            "section": "experiments", "form": {**dict.fromkeys(_FIELDS, ""), **form}, "errors": errors, "outlook": outlook,
            "arms": arms, "places": places, "models": models, "kinds": KINDS, "counts": COUNTS, "layouts": LAYOUTS,
            "times": TIMES, "shares": SHARES, "goals": GOALS,
            "designs": DESIGNS, "rankings": RANKINGS, "combined": COMBINED, "segments": choices(visit.shop),
        },
        status,
    )  # fmt: skip


ADDRESSES = (
    Address("/console/plan", new),
    Address("/console/plan", save, method="POST"),
    Address("/console/plan/preview", preview, method="POST"),
)
