"""Offline metrics, one file each."""
