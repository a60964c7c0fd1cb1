"""From files to the log and the catalogue: what a file is, what became of its lines, and how far the last attempt came."""
