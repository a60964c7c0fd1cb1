"""The demo: a storefront over the synthetic shop, wired to Endcap the way any shop would wire it."""
