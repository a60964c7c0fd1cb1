"""Offline metrics, one a file: pure functions of the ranks and lists that a method gave to held-out queries."""
