"""What versioned documents must do."""

from __future__ import annotations

from endcap.stores.ports import ShopStores


class DocumentsContract:
    """Configuration with its history."""

    def test_every_version_is_kept(self, shop: ShopStores) -> None:
        documents = shop.documents
        assert (documents.all("placement"), documents.version()) == ({}, 0)
        first = documents.put("placement", "cart", b"{}")
        other = documents.put("rule", "cart", b"[]")
        second = documents.put("placement", "cart", b'{"v":2}')
        assert first < other < second == documents.version()
        assert (documents.all("placement"), documents.all("rule")) == ({"cart": b'{"v":2}'}, {"cart": b"[]"})
        assert (documents.all("placement", first), documents.all("rule", first)) == ({"cart": b"{}"}, {})
        assert [(number, body) for number, _, body in documents.history("placement", "cart")] == [
            (second, b'{"v":2}'),
            (first, b"{}"),
        ]

    def test_a_deleted_document_keeps_its_history(self, shop: ShopStores) -> None:
        documents = shop.documents
        documents.put("placement", "cart", b"{}")
        assert (documents.delete("placement", "cart"), documents.delete("placement", "cart")) == (True, False)
        assert documents.delete("placement", "nothing") is False
        assert (documents.all("placement"), documents.version()) == ({}, 2)
        assert [body for _, _, body in documents.history("placement", "cart")] == [None, b"{}"]
        documents.put("placement", "cart", b"[]")
        assert documents.all("placement") == {"cart": b"[]"}
