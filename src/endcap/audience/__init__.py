"""Segments, triggers, campaigns."""
