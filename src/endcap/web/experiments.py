"""``/v1/experiments``: comparing what is shown, from the plan to the decision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from endcap.core.experiment import Experiment, Outcome
from endcap.errors import BadInput
from endcap.experiments.learning import search
from endcap.ingest.checked import decode
from endcap.measurement.planning import Planned, PlanQuestion, planned
from endcap.measurement.trials import Trial, decided, metrics_of, trial
from endcap.serving.doubts import warnings
from endcap.serving.shop_experiments import (
    all_experiments,
    decide_experiment,
    experiment_named,
    put_experiment,
    put_holdout,
    remove_experiment,
    replicated,
    start_experiment,
    stop_experiment,
)
from endcap.serving.taking_over import as_won, take_over
from endcap.stores.ports import ShopStores
from endcap.web.limits import MAX_DOCUMENT_BYTES
from endcap.web.messages import Deleted
from endcap.web.operations import ADMIN, Call, Operation
from endcap.web.placements import buildable, check_count
from endcap.web.replies import Reply, reply

T = TypeVar("T")


class Experiments(msgspec.Struct, frozen=True):
    """Experiments in full."""

    experiments: list[Experiment]


class ExperimentAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """An experiment, what speaks against it as it is, and the placements that took its winner over."""

    experiment: Experiment
    warnings: list[str]
    taken_over: list[str] = []


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is made of an experiment: the ``winner``, if any, and why. How it went follows from the verdict unless ``outcome``
    says otherwise. With ``take_over`` the placements become as the winner has them."""

    winner: str | None = None
    note: Annotated[str, Meta(max_length=2_000)] = ""
    outcome: Outcome | None = None
    take_over: bool = False


class Replication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same experiment on another placement, as a new draft: ``shelves`` has the shelves there by those here."""

    name: str
    placement: str
    shelves: dict[str, str] = {}


class Search(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that all must occur, and what else to look for among the experiments that were decided."""

    words: str = ""
    metric: str | None = None
    placement: str | None = None
    outcome: Outcome | None = None


class Holdout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many shoppers are held out, so that it is known what recommendations are worth, and what these are shown."""

    share: Annotated[float, Meta(ge=0, le=0.5)]
    mode: Literal["none", "standard", "random"] = "none"


_experiment = msgspec.json.Decoder(Experiment)
_decision = msgspec.json.Decoder(Decision)
_replication = msgspec.json.Decoder(Replication)
_search = msgspec.json.Decoder(Search)
_holdout = msgspec.json.Decoder(Holdout)
_plan = msgspec.json.Decoder(PlanQuestion)


async def get_experiments(call: Call) -> Reply:
    """All experiments."""
    return await _read(call, lambda stores: Experiments(all_experiments(stores.documents)))


async def get_experiment(call: Call) -> Reply:
    """One experiment, and what speaks against it."""
    name = call.path_value("name")
    return await _read(call, lambda stores: _told(stores, experiment_named(stores.documents, name)))


async def put(call: Call) -> Reply:
    """Keep a draft, or what may change about an experiment that runs."""
    name = call.path_value("name")
    sent = decode(_experiment, await call.body(MAX_DOCUMENT_BYTES))
    if sent.name != name:
        raise BadInput(
            f"the body is the experiment {sent.name}, the path says {name}", field="name", value=sent.name,
            remedy="make them equal",
        )  # fmt: skip

    def keep(stores: ShopStores) -> ExperimentAnswer:
        metrics_of(sent)
        check_count(len(all_experiments(stores.documents)) + 1, "experiments")
        return _told(stores, buildable(lambda one: put_experiment(stores.documents, one), sent))

    return await _write(call, keep)


async def remove(call: Call) -> Reply:
    """Take a draft away."""
    name = call.path_value("name")

    def gone(stores: ShopStores) -> Deleted:
        remove_experiment(stores.documents, name)
        return Deleted(name)

    return await _write(call, gone)


async def start(call: Call) -> Reply:
    """Let an experiment run."""
    name, now_ms = call.path_value("name"), call.site.clock.now_ms()
    return await _write(call, lambda stores: _told(stores, start_experiment(stores.documents, name, now_ms)))


async def stop(call: Call) -> Reply:
    """Let everybody see the shop as it is."""
    name, now_ms = call.path_value("name"), call.site.clock.now_ms()
    return await _write(call, lambda stores: _told(stores, stop_experiment(stores.documents, name, now_ms)))


async def decide(call: Call) -> Reply:
    """Put down what was learnt, with the figures of this moment."""
    name, now_ms = call.path_value("name"), call.site.clock.now_ms()
    said = decode(_decision, await call.body(MAX_DOCUMENT_BYTES))

    def put_down(stores: ShopStores) -> ExperimentAnswer:
        found = trial(stores, name, now_ms)
        decision = decided(found, at_ms=now_ms, outcome=said.outcome, winner=said.winner, note=said.note)
        won = as_won(stores.documents, found.experiment, said.winner) if said.take_over and said.winner else []
        told = _told(stores, decide_experiment(stores.documents, name, decision))
        return msgspec.structs.replace(told, taken_over=take_over(stores.documents, won))

    return await _write(call, put_down)


async def replicate(call: Call) -> Reply:
    """Draft the same experiment on another placement."""
    name = call.path_value("name")
    said = decode(_replication, await call.body(MAX_DOCUMENT_BYTES))

    def draft(stores: ShopStores) -> ExperimentAnswer:
        again = replicated(experiment_named(stores.documents, name), said.name, said.placement, said.shelves)
        return _told(stores, put_experiment(stores.documents, again))

    return await _write(call, draft)


async def results(call: Call) -> Reply:
    """What an experiment has found so far."""
    name, now_ms = call.path_value("name"), call.site.clock.now_ms()
    return await _read(call, lambda stores: trial(stores, name, now_ms))


async def plan(call: Call) -> Reply:
    """How long an experiment would take."""
    question, now_ms = decode(_plan, await call.body(MAX_DOCUMENT_BYTES)), call.site.clock.now_ms()
    return await _read(call, lambda stores: planned(stores, question, now_ms))


async def find(call: Call) -> Reply:
    """What was learnt before."""
    said = decode(_search, await call.body(MAX_DOCUMENT_BYTES))
    return await _read(
        call,
        lambda stores: Experiments(
            search(
                all_experiments(stores.documents), said.words, metric=said.metric, placement=said.placement, outcome=said.outcome
            )
        ),
    )


async def put_holdout_share(call: Call) -> Reply:
    """Set the share of shoppers that is held out."""
    said, now_ms = decode(_holdout, await call.body(MAX_DOCUMENT_BYTES)), call.site.clock.now_ms()
    return await _write(call, lambda stores: _told(stores, put_holdout(stores.documents, said.share, said.mode, now_ms)))


def _told(stores: ShopStores, experiment: Experiment) -> ExperimentAnswer:
    return ExperimentAnswer(experiment, warnings(experiment, all_experiments(stores.documents)))


async def _read(call: Call, work: Callable[[ShopStores], T]) -> Reply:
    shop = await call.shop()
    return reply(await asyncio.to_thread(work, shop.service.stores))


async def _write(call: Call, work: Callable[[ShopStores], T]) -> Reply:
    """Do something that the next answer follows."""
    shop = await call.shop()

    def done() -> T:
        result = work(shop.service.stores)
        shop.service.refresh()
        return result

    return reply(await asyncio.to_thread(done))


_NAMED = "/v1/experiments/{name}"
_FAULTS = (400, 404, 413, 422, 503)

OPERATIONS = (
    Operation(
        method="GET", path="/v1/experiments", name="getExperiments", handler=get_experiments, keys=ADMIN,
        summary="Read all experiments.", response=Experiments,
    ),
    Operation(
        method="POST", path="/v1/experiments/plan", name="planExperiment", handler=plan, keys=ADMIN,
        summary="Work out how long an experiment takes to find a lift, from what the shop's shoppers did lately.",
        request=PlanQuestion, response=Planned, failures=(400, 409, 413, 422),
    ),
    Operation(
        method="POST", path="/v1/experiments/search", name="searchExperiments", handler=find, keys=ADMIN,
        summary="Look for experiments that were decided: what was tried, how it went, what was made of it.",
        request=Search, response=Experiments, failures=(400, 413, 422),
    ),
    Operation(
        method="GET", path=_NAMED, name="getExperiment", handler=get_experiment, keys=ADMIN,
        summary="Read an experiment, and what speaks against it as it is.", response=ExperimentAnswer, failures=(404,),
    ),
    Operation(
        method="PUT", path=_NAMED, name="putExperiment", handler=put, keys=ADMIN,
        summary="Keep an experiment as a draft. Of one that runs, its words, its end and a larger share may change.",
        request=Experiment, response=ExperimentAnswer, failures=_FAULTS,
    ),
    Operation(
        method="DELETE", path=_NAMED, name="deleteExperiment", handler=remove, keys=ADMIN,
        summary="Take a draft away.", response=Deleted, failures=(404, 422, 503),
    ),
    Operation(
        method="POST", path=f"{_NAMED}/start", name="startExperiment", handler=start, keys=ADMIN,
        summary="Let an experiment run. The next answer follows it.", response=ExperimentAnswer, failures=(404, 422, 503),
    ),
    Operation(
        method="POST", path=f"{_NAMED}/stop", name="stopExperiment", handler=stop, keys=ADMIN,
        summary="Stop an experiment. The next answer is the shop's own again.",
        response=ExperimentAnswer, failures=(404, 422, 503),
    ),
    Operation(
        method="POST", path=f"{_NAMED}/decide", name="decideExperiment", handler=decide, keys=ADMIN,
        summary="Put down what was learnt from an experiment, with its figures of this moment.",
        request=Decision, response=ExperimentAnswer, failures=_FAULTS,
    ),
    Operation(
        method="POST", path=f"{_NAMED}/replicate", name="replicateExperiment", handler=replicate, keys=ADMIN,
        summary="Draft the same experiment on another placement.",
        request=Replication, response=ExperimentAnswer, failures=_FAULTS,
    ),
    Operation(
        method="GET", path=f"{_NAMED}/results", name="getResults", handler=results, keys=ADMIN,
        summary="Read what an experiment has found so far: figures with intervals, a verdict, who met it when.",
        response=Trial, failures=(404,),
    ),
    Operation(
        method="PUT", path="/v1/holdout", name="putHoldout", handler=put_holdout_share, keys=ADMIN,
        summary="Set how many shoppers are shown no, standard or random recommendations, so that it is known what they earn.",
        request=Holdout, response=ExperimentAnswer, failures=(400, 413, 422, 503),
    ),
)  # fmt: skip
