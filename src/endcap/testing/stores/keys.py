"""What a store of keys must do."""

from __future__ import annotations

import pytest

from endcap.stores.ports import Home


class KeysContract:
    """The keys of the installation."""

    def test_a_key_is_found_until_it_is_revoked(self, home: Home) -> None:
        version = home.keys.version()
        key = home.keys.create("gifts", "browser", ["https://gifts.example"])
        other = home.keys.create("toys", "server")
        assert home.keys.version() > version
        assert (key[:11], len(key), key != other) == ("ek_browser_", 11 + 32, True)
        info = home.keys.lookup(key)
        assert info is not None
        assert (info.shop, info.kind, info.origins) == ("gifts", "browser", ("https://gifts.example",))
        assert {info.shop for info in home.keys.list()} == {"gifts", "toys"}
        assert info.fingerprint not in key
        version = home.keys.version()
        assert (home.keys.revoke(info.fingerprint), home.keys.revoke(info.fingerprint)) == (True, False)
        assert (home.keys.lookup(key), home.keys.version() > version) == (None, True)
        assert [info.shop for info in home.keys.list()] == ["toys"]

    @pytest.mark.parametrize("key", ["", "ek_server_", "ü", "\ud800", "x" * 10_000])
    def test_what_is_no_key_is_not_found(self, home: Home, key: str) -> None:
        assert home.keys.lookup(key) is None
