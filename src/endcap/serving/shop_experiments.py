"""The experiments of a shop: how they are kept, started, stopped and decided, and what is said before one starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from endcap.core.changes import ALL, collide, touched_by
from endcap.core.experiment import (
    EVERYWHERE,
    EXPERIMENT_KIND,
    HELD_OUT,
    HOLDOUT,
    RECOMMENDED,
    Arm,
    Change,
    Decided,
    Experiment,
    Namespace,
    Recommendations,
)
from endcap.errors import BadInput, UnknownName
from endcap.serving.placements import DOCUMENT_KIND, ReadyPlacement, usable
from endcap.serving.preparing import check_fits, experiments_of
from endcap.stores.ports import Documents

DEFAULT_HOLDOUT = 0.05
"""The share of shoppers that a new shop recommends nothing to, so that it knows what recommendations are worth."""

RESERVED = frozenset({"plan", "search"})
"""What stands for something else in the paths of the HTTP interface."""

_LIFE = ("status", "run", "started_ms", "stopped_ms", "decided")
_WORDS = ("title", "owner", "note")
_WHILE_RUNNING = (*_WORDS, "share", "ends_at")


def all_experiments(documents: Documents) -> list[Experiment]:
    """The experiments of a shop by name in order, without those that cannot be read."""
    return experiments_of(documents.all(EXPERIMENT_KIND))[0]


def experiment_named(documents: Documents, name: str) -> Experiment:
    """One experiment. Raises UnknownName."""
    known = {one.name: one for one in all_experiments(documents)}
    if name not in known:
        remedy = f"use one of {', '.join(known)}" if known else "there is none yet; PUT /v1/experiments/NAME makes one"
        raise UnknownName(f"the shop has no experiment {name!r}", field="name", value=name, remedy=remedy)
    return known[name]


def put_experiment(documents: Documents, sent: Experiment) -> Experiment:
    """Keep an experiment as a draft, or what may change about one that runs: its words, a later end, a larger share.

    What is sent of its life (``status`` and what follows) is not read. Raises BadInput where it does not fit the placements, or
    where a change would make its figures worthless.
    """
    if sent.kind == "holdout":
        raise BadInput(
            "the holdout has a share and a mode only", field="kind", value=sent.kind,
            remedy="PUT /v1/experiments/holdout with share and mode, or endcap experiments holdout",
        )  # fmt: skip
    if sent.name in RESERVED:
        raise BadInput(f"no experiment can be named {sent.name}", field="name", value=sent.name, remedy="choose another name")
    known = {one.name: one for one in all_experiments(documents)}
    before = known.get(sent.name)
    if before is None or before.status == "draft":
        experiment = _with_life(sent, None)
        _check_fits(documents, experiment)
    else:
        experiment = _with_life(sent, before)
        _check_may_change(before, experiment)
    return _keep(documents, experiment)


def start_experiment(documents: Documents, name: str, now_ms: int) -> Experiment:
    """Let an experiment run: a draft, or one that was stopped, which begins anew with another split of the shoppers.

    Raises BadInput where it does not fit, says no hypothesis, or would meet nobody.
    """
    before = experiment_named(documents, name)
    _check_status(before, ("draft", "stopped"), "start")
    if before.kind != "holdout" and not before.hypothesis.strip():
        raise BadInput(
            f"the experiment {name} has no hypothesis", field="hypothesis", value="",
            remedy="write down what you expect and why; what was not expected is easily explained afterwards",
        )  # fmt: skip
    others = [one for one in all_experiments(documents) if one.status == "running" and one.name != name]
    experiment = msgspec.structs.replace(
        before, status="running", run=before.run + 1, started_ms=now_ms, stopped_ms=None, decided=None,
        namespace=_settled(before, others),
    )  # fmt: skip
    _check_fits(documents, experiment)
    _check_meets_somebody(experiment, others)
    return _keep(documents, experiment)


def stop_experiment(documents: Documents, name: str, now_ms: int) -> Experiment:
    """Let everybody see the shop as it is again. Raises BadInput where the experiment does not run."""
    before = experiment_named(documents, name)
    _check_status(before, ("running",), "stop")
    return _keep(documents, msgspec.structs.replace(before, status="stopped", stopped_ms=now_ms))


def decide_experiment(documents: Documents, name: str, decided: Decided) -> Experiment:
    """Put down what was learnt; one that still runs is stopped by it. Raises BadInput for a winner that is no arm of it."""
    before = experiment_named(documents, name)
    _check_status(before, ("running", "stopped"), "decide")
    arms = [arm.name for arm in before.every_arm]
    if decided.winner is not None and decided.winner not in arms:
        raise BadInput(
            f"{name} has no arm {decided.winner!r}", field="winner", value=decided.winner,
            remedy=f"use one of {', '.join(arms)}, or none",
        )  # fmt: skip
    return _keep(
        documents,
        msgspec.structs.replace(before, status="decided", stopped_ms=before.stopped_ms or decided.at_ms, decided=decided),
    )


def remove_experiment(documents: Documents, name: str) -> None:
    """Take a draft away. Raises BadInput for one that has run: what it found is part of the record."""
    _check_status(experiment_named(documents, name), ("draft",), "remove")
    documents.delete(EXPERIMENT_KIND, name)


def repeated(experiment: Experiment, name: str) -> Experiment:
    """The same experiment once more, as a new draft under another name, which splits the shoppers anew."""
    again = msgspec.structs.replace(experiment, name=name, repeats=experiment.name, starts_at=None, ends_at=None)
    return _with_life(again, None)


def replicated(experiment: Experiment, name: str, placement: str, shelves: Mapping[str, str]) -> Experiment:
    """The same experiment on another placement, as a new draft; ``shelves`` has by the shelves here those that they are there.

    Raises BadInput for one that is about several placements.
    """
    here = {one for arm in experiment.every_arm for one in arm.changes} | set(experiment.placements)
    if len(here) != 1 or here == {EVERYWHERE}:
        raise BadInput(
            f"{experiment.name} is not about one placement but {', '.join(sorted(here)) or 'none'}", field="placement",
            value=placement, remedy="make a new experiment by hand",
        )  # fmt: skip
    levels = {
        "arms": tuple(_moved(arm, placement, shelves) for arm in experiment.arms),
        "factors": tuple(
            msgspec.structs.replace(one, levels=tuple(_moved(level, placement, shelves) for level in one.levels))
            for one in experiment.factors
        ),
    }
    return msgspec.structs.replace(repeated(experiment, name), placements=(placement,), **levels)


def _moved(arm: Arm, placement: str, shelves: Mapping[str, str]) -> Arm:
    changes = {}
    for change in arm.changes.values():
        patch = dict(change.patch)
        if "shelves" in patch:
            patch["shelves"] = {shelves.get(name, name): fields for name, fields in patch["shelves"].items()}
        changes[placement] = msgspec.structs.replace(change, patch=patch)
    return msgspec.structs.replace(arm, changes=changes)


def holdout_of(share: float, mode: Recommendations, now_ms: int, before: Experiment | None = None) -> Experiment:
    """The holdout that recommends ``mode`` to ``share`` of all shoppers, counted from now on; without a share it stands still.

    Who is held out stays so where the share grows, and where it shrinks the last to have come in are the first to go.
    """
    if not 0.0 <= share <= 0.5 or mode == "usual":
        raise BadInput(
            f"a holdout of {share:g} that shows {mode}", field="share" if mode != "usual" else "mode", value=share,
            remedy="give a share from 0 to 0.5, and none, standard or random to show",
        )  # fmt: skip
    held_out = Arm(name=HELD_OUT, weight=share, changes={EVERYWHERE: Change(recommendations=mode)})
    return Experiment(
        name=HOLDOUT, kind="holdout", title="Holdout", hypothesis="Recommendations earn more than they cost.",
        arms=(Arm(name=RECOMMENDED, weight=1.0 - share), held_out), metric="revenue_per_visitor", metrics=("buyers",),
        status="running" if share > 0 else "stopped", run=1, started_ms=now_ms,
        stopped_ms=None if share > 0 else now_ms, note=before.note if before is not None else "",
    )  # fmt: skip


def put_holdout(documents: Documents, share: float, mode: Recommendations, now_ms: int) -> Experiment:
    """Keep the holdout of :func:`holdout_of`."""
    before = next((one for one in all_experiments(documents) if one.kind == "holdout"), None)
    return _keep(documents, holdout_of(share, mode, now_ms, before))


def begin_holdout(documents: Documents, now_ms: int) -> None:
    """Give a shop that never had a holdout the default one; one that was switched off stays off."""
    if not documents.history(EXPERIMENT_KIND, HOLDOUT):
        put_holdout(documents, DEFAULT_HOLDOUT, "none", now_ms)


def _with_life(sent: Experiment, before: Experiment | None) -> Experiment:
    life = {name: getattr(before, name) for name in _LIFE} if before is not None else {}
    blank = {"status": "draft", "run": 0, "started_ms": None, "stopped_ms": None, "decided": None}
    namespace = before.namespace if before is not None and sent.namespace is not None else sent.namespace
    return msgspec.structs.replace(sent, **(life or blank), namespace=namespace)


def _check_may_change(before: Experiment, after: Experiment) -> None:
    allowed = _WHILE_RUNNING if before.status == "running" else _WORDS
    for name in before.__struct_fields__:
        if name not in allowed and getattr(before, name) != getattr(after, name):
            raise BadInput(
                f"{before.name} is {before.status}: its {name} cannot change any more", field=name,
                remedy="what was counted so far would mean nothing; make a new experiment under another name, "
                "or stop this one and start a new one",
            )  # fmt: skip
    if after.share < before.share:
        raise BadInput(
            f"the share of {before.name} cannot shrink from {before.share:g} to {after.share:g}", field="share",
            value=after.share, remedy="whoever is in would move out and back; stop the experiment instead",
        )  # fmt: skip


def _check_status(experiment: Experiment, allowed: Sequence[str], what: str) -> None:
    if experiment.status not in allowed:
        remedy = {"decided": "make a new one under another name"}.get(experiment.status, f"it must be {' or '.join(allowed)}")
        raise BadInput(
            f"{experiment.name} is {experiment.status}, so that it cannot be told to {what}", field="status",
            value=experiment.status, remedy=remedy,
        )  # fmt: skip


def _check_fits(documents: Documents, experiment: Experiment) -> None:
    """Raise BadInput where an arm cannot be made of the placements as they are."""
    placements = _placements(documents)
    named = {*experiment.placements, *(name for arm in experiment.every_arm for name in arm.changes if name != "*")}
    for name in sorted(named - placements.keys()):
        raise BadInput(
            f"no placement is named {name!r}",
            field="placements",
            value=name,
            remedy=f"use one of {', '.join(sorted(placements))}",
        )
    alone = msgspec.structs.replace(experiment, status="running")
    for name, placement in placements.items():
        if alone.acts_on(name):
            check_fits(alone, name, placement)


def _check_meets_somebody(experiment: Experiment, others: Sequence[Experiment]) -> None:
    """Raise BadInput where another experiment leaves no shopper to this one, on every placement that it is about."""
    blocking = set[str]()
    places = experiment.placements or tuple({name for arm in experiment.every_arm for name in arm.changes})
    for place in places:
        full = [
            one.name
            for one in others
            if one.kind != "holdout" and one.share >= 1 and not one.audience and one.namespace is None
            and one.acts_on(place) and one.priority >= experiment.priority
            and (ALL in touched_by(one, place) or collide(touched_by(one, place), touched_by(experiment, place)))
        ]  # fmt: skip
        if not full:
            return
        blocking.update(full)
    if blocking:
        raise BadInput(
            f"{experiment.name} would meet nobody: {', '.join(sorted(blocking))} changes the same for everybody", field="arms",
            remedy="wait for its end, give this one a higher priority, or put both into a namespace with a share for each",
        )  # fmt: skip


def _settled(experiment: Experiment, others: Sequence[Experiment]) -> Namespace | None:
    """The namespace with the place that the experiment has in it, the first that is free. Raises BadInput where none is."""
    wanted = experiment.namespace
    if wanted is None:
        return None
    taken = sorted(
        (one.namespace.begin, one.namespace.begin + one.namespace.share)
        for one in others
        if one.namespace is not None and one.namespace.name == wanted.name and one.namespace.begin is not None
    )
    begin = 0.0
    for start, end in taken:
        if start - begin >= wanted.share - 1e-9:
            break
        begin = max(begin, end)
    if begin + wanted.share > 1 + 1e-9:
        raise BadInput(
            f"the namespace {wanted.name} has no room for a share of {wanted.share:g}", field="namespace.share",
            value=wanted.share, remedy="take a smaller share, or wait for another experiment of it to end",
        )  # fmt: skip
    return msgspec.structs.replace(wanted, begin=begin)


def _placements(documents: Documents) -> Mapping[str, ReadyPlacement]:
    return usable(documents.all(DOCUMENT_KIND), {})[0]


def _keep(documents: Documents, experiment: Experiment) -> Experiment:
    documents.put(EXPERIMENT_KIND, experiment.name, msgspec.json.encode(experiment))
    return experiment
