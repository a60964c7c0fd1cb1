"""Held-out time through the real engine."""
