"""The figures of a period on a page or two: as mail and as PDF."""
