from __future__ import annotations

from endcap.kernels import giving, mixing, retrieve
from endcap.serving.warm import warm_kernels

from .shop import engine
from .test_engine import ask


def test_after_warming_an_answer_compiles_nothing() -> None:
    warm_kernels()
    kernels = (mixing.propose, giving.give_out, retrieve.mark)
    before = [len(kernel.signatures) for kernel in kernels]
    assert all(before)
    ask(engine(), item_id="mug", cart=("spoon",), explain=True)
    assert [len(kernel.signatures) for kernel in kernels] == before
