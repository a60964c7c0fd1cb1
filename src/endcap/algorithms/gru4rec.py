"""What comes next, read off the whole visit by a recurrent network: GRU4Rec."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from torch import Tensor, nn

from endcap.algorithms._networks import ItemNetwork, ReadsVisits
from endcap.artifacts.base import Array
from endcap.neural.training import plain


class GRU4Rec(ReadsVisits, frozen=True, kw_only=True):
    """A gated recurrent unit that steps through the items of a visit.

    With ``e_i`` the vector of the item at a step and ``h`` the state so far, zeros at first: ``r = sigma(W_r e_i + U_r h +
    b_r)``, ``z = sigma(W_z e_i + U_z h + b_z)``, ``n = tanh(W_n e_i + b_n + r * (U_n h + c_n))``, and the state becomes ``(1 -
    z) n + z h``. Item ``j`` comes next with the chance ``softmax_j(h . e_j)``: one vector an item, in and out. The loss is the
    softmax over ``negatives`` items sampled for each batch, corrected for how they were sampled (:mod:`endcap.neural.softmax`);
    learning stops when the newest visits are predicted no better. Of a visit the last ``window`` items count.

    Time O(epochs × n_acts × dim × (dim + negatives)) to learn, O(window × dim² + n_items × dim) to answer; memory O(n_items ×
    dim + batch × negatives). The artifact has no need of torch.

    It does not win where it was tried: of Diginetica, learning from the newest 60,000 visits before the validation part, it has
    after seven epochs a hit rate@20 of .408 and an MRR@20 of .127 on 3,000 of the questions, sequential_rules .534 and .174. That
    is why it is made on demand only.

    Source: Hidasi, Karatzoglou, Baltrunas, Tikk, "Session-based Recommendations with Recurrent Neural Networks", ICLR 2016; one
    vector an item on both sides, and further sampled negatives, are from Hidasi, Karatzoglou, "Recurrent Neural Networks with
    Top-k Gains for Session-based Recommendations", CIKM 2018. Written from the papers, with other choices where they are
    simpler: whole visits side by side instead of visits that take over each other's place in a batch, cross-entropy with a
    correction for the sampling instead of a ranking loss, Adam instead of Adagrad.

    A visit of the mug, and tea as well, teaches one thing: what follows the mug is tea.

    >>> from endcap.testing.algorithms import asked, fit_example
    >>> visits = [f"2000-01-{day:02} mug tea" for day in range(1, 31)]
    >>> found = fit_example(GRU4Rec(dim=4, epochs=60, rate=0.1, dropout=0.0), *visits, kind="view")
    >>> asked(found, [0]).astype(float).round(1).tolist()
    [0.0, 1.0]
    """

    label: ClassVar[str] = "Next, by a recurrent network"

    dim: Annotated[int, Meta(ge=1, le=512)] = 100

    def network(self, n_items: int) -> Recurrent:
        """A unit that has learnt nothing yet."""
        return Recurrent(n_items, self)


class Recurrent(ItemNetwork):
    """The network of :class:`GRU4Rec`."""

    kind = "recurrence"

    def __init__(self, n_items: int, options: GRU4Rec) -> None:
        super().__init__(n_items, options.dim)
        nn.init.normal_(self.items.weight, std=options.dim**-0.5)
        self.unit = nn.GRU(options.dim, options.dim, batch_first=True)
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, items: Tensor) -> Tensor:
        """States after each item, (n, length, dim)."""
        states, _ = self.unit(self.dropout(self.items(items)))
        return self.dropout(states)

    def weights(self) -> dict[str, Array]:
        """The weights as the arrays that :func:`endcap.kernels.encoders.recurred` takes."""
        unit = plain(self.unit)
        return {
            "from_input": unit["weight_ih_l0"], "from_input_bias": unit["bias_ih_l0"], "from_state": unit["weight_hh_l0"],
            "from_state_bias": unit["bias_hh_l0"],
        }  # fmt: skip
