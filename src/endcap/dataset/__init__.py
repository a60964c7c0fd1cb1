"""From the event log to the arrays that algorithms learn from."""
