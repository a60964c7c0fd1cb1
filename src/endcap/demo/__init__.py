"""The storefront over the synthetic shop."""
