"""The cart in its cookie."""

from __future__ import annotations

import pytest

from endcap.demo.cart import MAX_LINES, MAX_QUANTITY, Cart, CartLine, Credit

CREDIT = Credit("01ABC", "product", 2)


def test_adding_again_adds_up_and_keeps_where_it_came_from() -> None:
    cart = Cart().add("mug", 1, CREDIT).add("mug", 2)
    assert cart.lines == (CartLine("mug", 3, CREDIT),)


def test_the_newest_answer_gets_the_credit() -> None:
    newer = Credit("01DEF", "cart", 0)
    assert Cart().add("mug", 1, CREDIT).add("mug", 1, newer).lines[0].credit == newer


def test_quantities_stay_between_one_and_the_most() -> None:
    assert Cart().add("mug", 0).count == 1
    assert Cart().add("mug", 900).count == MAX_QUANTITY
    assert Cart().add("mug").set("mug", 900).count == MAX_QUANTITY


def test_setting_none_takes_out_and_setting_an_unknown_does_nothing() -> None:
    cart = Cart().add("mug").add("pot")
    assert [line.item_id for line in cart.set("mug", 0).lines] == ["pot"]
    assert cart.set("jug", 3) == cart


def test_a_full_cart_fits_into_a_cookie_and_takes_no_more() -> None:
    cart = Cart()
    for number in range(MAX_LINES + 3):
        cart = cart.add(f"brennan-daughters-torridon-dinner-plates-set-of-4-charcoal-{number:02}", 20, CREDIT)
    assert len(cart.lines) == MAX_LINES
    assert len(cart.to_cookie()) < 4_000
    assert Cart.from_cookie(cart.to_cookie()) == cart


@pytest.mark.parametrize("cookie", [None, "", "%%%", "W10", "bm90IGpzb24=", "W1tbIm11ZyIsMF1dXQ==", "W1tbIm11ZyIsMSwzXV1d", "é"])
def test_a_missing_or_forged_cookie_is_an_empty_cart(cookie: str | None) -> None:
    assert Cart.from_cookie(cookie) == Cart()
