"""Ordering candidates: blending sources, and the rules."""
