"""Loops over arrays, compiled by numba. They know nothing of shops."""
