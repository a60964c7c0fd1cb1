from __future__ import annotations

import torch
from torch import nn

from endcap.neural.stopping import Stopping


def test_it_stops_after_two_epochs_that_were_no_better_and_brings_the_best_back() -> None:
    network = nn.Linear(1, 1)
    stopping = Stopping(network)
    stops = []
    for loss in (3.0, 2.0, 2.5, 1.0, 1.5, 1.2):
        nn.init.constant_(network.weight, loss)
        stops.append(stopping.after(loss))
    assert stops == [False, False, False, False, False, True]
    stopping.restore()
    assert network.weight.item() == 1.0
    assert not network.training
    assert stopping.losses == [3.0, 2.0, 2.5, 1.0, 1.5, 1.2]


def test_where_nothing_was_judged_the_last_weights_stay() -> None:
    network = nn.Linear(1, 1)
    stopping = Stopping(network)
    with torch.no_grad():
        network.weight.fill_(7)
    stopping.restore()
    assert network.weight.item() == 7.0
