"""A change to a shop that is to be rehearsed: other placements, other rules, another bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from endcap.core.changes import change_of, touched
from endcap.core.experiment import EXPERIMENT_KIND, Change, Experiment
from endcap.core.placement import Name, Placement
from endcap.errors import BadInput, UnknownName
from endcap.serving.placements import DOCUMENT_KIND, RULE_KIND, ReadyPlacement, built_rule, ready, usable
from endcap.serving.shop_rules import named_rule
from endcap.serving.variants import varied
from endcap.stores.ports import ShopStores


class ShopChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to be done otherwise, all at once.

    ``placements`` are changed as an experiment's arm changes them. ``rules`` act on every placement, by name; ``null`` in the
    place of a rule ends it. ``bundle`` is the version that answers.
    """

    placements: Annotated[dict[Name, Change], Meta(max_length=50)] = {}
    rules: Annotated[dict[Name, dict[str, Any] | None], Meta(max_length=100)] = {}
    bundle: Annotated[str, Meta(min_length=1, max_length=200)] | None = None

    def __post_init__(self) -> None:
        if not (self.placements or self.rules or self.bundle):
            raise BadInput("nothing is changed", field="change", remedy="name placements, rules or a bundle to rehearse")

    def said(self) -> str:
        """The change in a few words.

        >>> ShopChange(rules={"no_mugs": None}, bundle="b7").said()
        'without rule no_mugs, bundle b7'
        """
        parts = [f"placement {name}" for name in self.placements]
        parts += [f"rule {name}" if config is not None else f"without rule {name}" for name, config in self.rules.items()]
        return ", ".join([*parts, *([f"bundle {self.bundle}"] if self.bundle else [])])

    def check(self, stores: ShopStores) -> None:
        """Raise UnknownName or BadOption where the change cannot be made in this shop as it is, BadInput where the record of what
        was shown has no say in it."""
        for name, change in self.placements.items():
            if change.recommendations == "none" or all(one.startswith("layout.") for one in touched(change)):
                raise BadInput(
                    f"the change of {name} is not in what is recommended", field="placements", value=name,
                    remedy="rehearse another ranking; that nothing is shown, or that it looks otherwise, an experiment judges",
                )  # fmt: skip
        for config in self.rules.values():
            if config is not None:
                built_rule(config)
        if self.bundle is not None and self.bundle not in (known := [one.version for one in stores.bundles.list()]):
            raise UnknownName(
                f"no bundle has the version {self.bundle!r}", field="bundle", value=self.bundle,
                remedy=f"use one of {', '.join(known[:5])}" if known else "train one first",
            )  # fmt: skip
        documents = stores.documents
        self.made(usable(documents.all(DOCUMENT_KIND), documents.all(RULE_KIND))[0])

    def concerns(self, placement: str) -> bool:
        """Whether answers on a placement may come out otherwise."""
        return placement in self.placements or bool(self.rules) or self.bundle is not None

    def made(self, placements: Mapping[str, ReadyPlacement]) -> dict[str, ReadyPlacement]:
        """The placements of a shop with the change made. Raises UnknownName for one that is not there."""
        found = dict(placements)
        for name, change in self.placements.items():
            if name in found:
                found[name] = ready(varied(found[name].placement, change))
            elif change.placement is not None:
                found[name] = ready(change.placement)
            else:
                raise UnknownName(
                    f"no placement is named {name!r}", field="placements", value=name,
                    remedy=f"use one of {', '.join(sorted(found))}",
                )  # fmt: skip
        return found

    def ruled(self, rules: Mapping[str, bytes]) -> dict[str, bytes]:
        """The documents of a shop's rules with the change made."""
        changed = {**rules, **{name: msgspec.json.encode(config) for name, config in self.rules.items() if config is not None}}
        return {name: body for name, body in changed.items() if self.rules.get(name, {}) is not None}


def of_document(document: object) -> ShopChange:
    """The change that a document words: a placement, a rule with its name, or several things as a :class:`ShopChange` has them.

    Raises BadInput where it is none of these.

    >>> of_document({"name": "no_mugs", "rule": "exclude_items", "item_ids": ["mug"]}).said()
    'rule no_mugs'
    """
    try:
        if isinstance(document, dict) and "shelves" in document:
            placement = msgspec.convert(document, Placement)
            return ShopChange(placements={placement.name: Change(placement=placement)})
        if isinstance(document, dict) and "rule" in document:
            name, config, _ = named_rule(document)
            return ShopChange(rules={name: config})
        return msgspec.convert(document, ShopChange)
    except msgspec.ValidationError as error:
        raise BadInput(
            f"the change cannot be read: {error}", field="change", value=None,
            remedy="give a placement, a rule with its name, or placements, rules and a bundle by these words",
        ) from error  # fmt: skip


def of_arm(stores: ShopStores, experiment: str, arm: str) -> ShopChange:
    """The change that an arm of an experiment makes. Raises UnknownName where there is none of that name."""
    documents = stores.documents.all(EXPERIMENT_KIND)
    if experiment not in documents:
        raise UnknownName(
            f"no experiment is named {experiment!r}", field="experiment", value=experiment,
            remedy=f"use one of {', '.join(sorted(documents))}" if documents else "plan one first",
        )  # fmt: skip
    plan = msgspec.json.decode(documents[experiment], type=Experiment)
    arms = {one.name: one for one in plan.every_arm}
    if arm not in arms:
        raise UnknownName(
            f"experiment {experiment} has no arm {arm!r}", field="arm", value=arm, remedy=f"use one of {', '.join(arms)}"
        )
    names = plan.placements or [name for name in arms[arm].changes if name != "*"]
    return ShopChange(placements={name: change_of(arms[arm], name) for name in names})
