"""Assignment, statistics, bandits, off-policy estimators."""
