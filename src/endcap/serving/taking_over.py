"""Making what won an experiment the shop's own."""

from __future__ import annotations

import msgspec

from endcap.core.changes import change_of
from endcap.core.experiment import Arm, Experiment
from endcap.core.placement import Placement
from endcap.errors import BadInput
from endcap.serving.placements import DOCUMENT_KIND, effective
from endcap.serving.variants import varied
from endcap.stores.ports import Documents


def as_won(documents: Documents, experiment: Experiment, name: str) -> list[Placement]:
    """The placements that change where an arm becomes the shop's own, as it has them. Nothing is kept.

    Raises BadInput for an arm that there is not, and for one whose layout stands in the shop's pages or that recommends otherwise
    than a placement can say: these are changed by hand.
    """
    arm = next((one for one in experiment.every_arm if one.name == name), None)
    if arm is None:
        raise BadInput(f"{experiment.name} has no arm {name!r}", field="winner", value=name, remedy="name one of its arms")
    known = effective(documents.all(DOCUMENT_KIND)).values()
    return [made for one in known if (made := _made(experiment, arm, one)) != one]


def take_over(documents: Documents, placements: list[Placement]) -> list[str]:
    """Put placements as :func:`as_won` gave them, which the next answers follow; returns their names."""
    for one in placements:
        documents.put(DOCUMENT_KIND, one.name, msgspec.json.encode(one))
    return [one.name for one in placements]


def _made(experiment: Experiment, arm: Arm, placement: Placement) -> Placement:
    if not experiment.acts_on(placement.name):
        return placement
    change = change_of(arm, placement.name)
    if change.layout is not None:
        raise BadInput(
            f"the arm {arm.name} changes the layout of {placement.name}, which the shop's pages say", field="winner",
            value=arm.name, remedy="set it as attributes of <endcap-shelf> in the pages",
        )  # fmt: skip
    if change.recommendations != "usual":
        raise BadInput(
            f"the arm {arm.name} shows {change.recommendations} recommendations on {placement.name}", field="winner",
            value=arm.name, remedy="put a placement that does so, or take the shelf out of the pages",
        )  # fmt: skip
    return varied(placement, change)
