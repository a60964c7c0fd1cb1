"""When to stop learning, and what to keep."""

from __future__ import annotations

import copy

from torch import nn

PATIENCE = 2
"""Learning ends when so many epochs in a row have not been better than the best: one may be worse by chance."""


class Stopping:
    """The loss of each epoch on what is held out, and the weights of the best of them."""

    def __init__(self, network: nn.Module) -> None:
        self.losses: list[float] = []
        self._network = network
        self._best = network.state_dict()

    def after(self, loss: float) -> bool:
        """Whether to stop after an epoch with this loss."""
        self.losses.append(loss)
        if loss == min(self.losses):
            self._best = copy.deepcopy(self._network.state_dict())
        return min(self.losses) not in self.losses[-PATIENCE:]

    def restore(self) -> None:
        """Give the network the best weights back, those that it has where nothing was judged; it no longer learns."""
        self._network.load_state_dict(self._best)
        self._network.eval()
