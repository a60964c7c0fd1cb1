"""The HTTP API, the console and the storefront widget."""
