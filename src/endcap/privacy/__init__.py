"""Access, erasure, retention."""
