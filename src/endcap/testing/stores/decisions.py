"""What a record of answers must do."""

from __future__ import annotations

from endcap.stores.ports import Decision, ShopStores
from endcap.testing.samples import AT_MS


class DecisionsContract:
    """What was answered."""

    def test_answers_come_back_once_and_can_be_forgotten(self, shop: ShopStores) -> None:
        made = [
            Decision(f"r{number}", AT_MS + number, b'{"n":1}', b"\x00\xff" * number, b'{"position":1}') for number in range(10)
        ]
        shop.decisions.append(made[:6])
        shop.decisions.append(made[4:])
        shop.decisions.append([])
        assert shop.decisions.count() == 10
        assert [shop.decisions.get(one.recommendation_id) for one in made] == made
        assert shop.decisions.get("nothing") is None
        assert shop.decisions.read() == made
        assert shop.decisions.read("r3", 2) == made[4:6]
        places = [place for place, _ in shop.decisions.written()]
        assert [one for _, one in shop.decisions.written()] == made
        assert places == sorted(set(places))
        assert shop.decisions.last_place() == places[-1]
        assert shop.decisions.written(places[3], 2) == list(zip(places[4:6], made[4:6], strict=True))
        assert shop.decisions.prune(AT_MS + 3) == 3
        assert (shop.decisions.count(), shop.decisions.get("r2"), shop.decisions.get("r3")) == (7, None, made[3])

    def test_a_place_is_never_given_twice(self, shop: ShopStores) -> None:
        assert shop.decisions.last_place() == 0
        shop.decisions.append([Decision("r1", AT_MS, b"", b"")])
        ((first, _),) = shop.decisions.written()
        shop.decisions.prune(AT_MS + 1)
        shop.decisions.append([Decision("r2", AT_MS, b"", b"")])
        ((second, made),) = shop.decisions.written(first)
        assert (second > first, made.recommendation_id) == (True, "r2")
