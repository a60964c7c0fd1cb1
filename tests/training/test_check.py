from __future__ import annotations

import msgspec

from endcap.serving.placements import DOCUMENT_KIND, shipped
from endcap.stores import memory
from endcap.testing.samples import AT_MS, view
from endcap.training.check import check


def test_the_check_reads_the_log_up_to_the_cut_and_the_shops_own_placements() -> None:
    stores = memory.open_home().open("s", create=True)
    stores.log.append([view(1), view(2)])
    assert check(stores).interactions == 2
    assert check(stores, as_of_ms=AT_MS + 2_000).interactions == 1
    before = {one.name: one.meanwhile for one in check(stores).algorithms}
    assert "popular products" in before["viewed_next"]
    for name, placement in shipped().items():
        bare = msgspec.structs.replace(
            placement, shelves=tuple(msgspec.structs.replace(shelf, fallback=()) for shelf in placement.shelves)
        )
        stores.documents.put(DOCUMENT_KIND, name, msgspec.json.encode(bare))
    after = {one.name: one.meanwhile for one in check(stores).algorithms}
    assert after["viewed_next"] == "the shop's range"
