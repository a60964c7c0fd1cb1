"""What comes next, read off the whole visit by a small transformer: SASRec."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
import torch
from msgspec import Meta
from torch import Tensor, nn

from endcap.algorithms._networks import ItemNetwork, ReadsVisits
from endcap.artifacts.base import Array
from endcap.errors import BadOption
from endcap.neural.training import plain


class SASRec(ReadsVisits, frozen=True, kw_only=True):
    """Self-attention over the items of a visit.

    Item ``i`` at place ``p`` enters as ``sqrt(dim) e_i + place_p``, places counted from the first of the last ``window`` items.
    Each of ``blocks`` blocks adds ``attention(norm(x))`` over ``heads`` heads, in which a place sees none that come later, and
    then ``W2 relu(W1 norm(x))``. With ``h`` the normalised state of the newest item, ``j`` comes next with the chance
    ``softmax_j(h . e_j)``: one vector an item, in and out. The loss is the softmax over ``negatives`` items sampled for each
    batch, corrected for how they were sampled (:mod:`endcap.neural.softmax`); learning stops when the newest visits are
    predicted no better.

    Time O(epochs × n_acts × (blocks × dim × (window + dim) + negatives × dim)) to learn, O(n_items × dim) to answer; memory
    O(n_items × dim + batch × negatives). Weights and optimiser are held in single precision; the artifact has no need of torch.

    It does not win where it was tried: of Diginetica, learning from the newest 60,000 visits before the validation part, it has
    after seven epochs a hit rate@20 of .435 and an MRR@20 of .136 on 3,000 of the questions, sequential_rules .534 and .174. That
    is why it is made on demand only. Long histories, in which order says more, are where others found it to win.

    Source: Kang, McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018. The sampled softmax instead of the binary loss
    with one negative, without which the method is far below what it can do, follows Klenitskiy, Vasilev, "Turning Dross Into Gold
    Loss: is BERT4Rec really better than SASRec?", RecSys 2023; normalisation comes before each part, not behind it.

    A visit of the mug, and tea as well, teaches one thing: what follows the mug is tea.

    >>> from endcap.testing.algorithms import asked, fit_example
    >>> visits = [f"2000-01-{day:02} mug tea" for day in range(1, 31)]
    >>> found = fit_example(SASRec(dim=4, epochs=60, rate=0.1, dropout=0.0), *visits, kind="view")
    >>> asked(found, [0]).astype(float).round(1).tolist()
    [0.0, 1.0]
    """

    label: ClassVar[str] = "Next, by attention"

    blocks: Annotated[int, Meta(ge=1, le=8)] = 1
    heads: Annotated[int, Meta(ge=1, le=16)] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dim % self.heads:
            raise BadOption(
                f"SASRec: {self.heads} heads cannot share {self.dim} numbers evenly", field="heads", value=self.heads,
                remedy="choose a number of heads that divides dim",
            )  # fmt: skip

    def network(self, n_items: int) -> Transformer:
        """Blocks that have learnt nothing yet."""
        return Transformer(n_items, self)


class Transformer(ItemNetwork):
    """The network of :class:`SASRec`."""

    kind = "attention"

    def __init__(self, n_items: int, options: SASRec) -> None:
        dim = options.dim
        super().__init__(n_items, dim, options.heads)
        self.places = nn.Embedding(options.window, dim)
        nn.init.normal_(self.items.weight, std=dim**-0.5)
        nn.init.normal_(self.places.weight, std=dim**-0.5)
        self.blocks = nn.ModuleList(Block(dim, options.heads, options.dropout) for _ in range(options.blocks))
        self.last = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, items: Tensor) -> Tensor:
        """States after each item, (n, length, dim)."""
        length, dim = items.shape[1], self.items.embedding_dim
        steps = self.dropout(self.items(items) * dim**0.5 + self.places.weight[:length])
        later = torch.full((length, length), float("-inf")).triu(1)
        for block in self.blocks:
            steps = block(steps, later)
        return self.last(steps)

    def weights(self) -> dict[str, Array]:
        """The weights as the arrays that :func:`endcap.kernels.encoders.attended` takes, and the places."""
        stacked = [plain(block) for block in self.blocks]
        found = {name: np.stack([one[name] for one in stacked]) for name in stacked[0]}
        return found | {name: one for name, one in plain(self).items() if name in {"places", "last", "last_bias"}}


class Block(nn.Module):
    """Attention, then a network of two layers at every place, each added to what was there."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.mix, self.join = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.up, self.down = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, steps: Tensor, later: Tensor) -> Tensor:
        """The steps (n, length, dim) with what was found added; ``later`` is minus infinity where a place must not look."""
        n, length, dim = steps.shape
        query, key, value = self.mix(self.norm1(steps)).view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        shares = torch.softmax(query @ key.transpose(2, 3) / query.shape[-1] ** 0.5 + later, dim=-1)
        found = (self.dropout(shares) @ value).transpose(1, 2).reshape(n, length, dim)
        steps = steps + self.dropout(self.join(found))
        return steps + self.dropout(self.down(self.dropout(torch.relu(self.up(self.norm2(steps))))))
