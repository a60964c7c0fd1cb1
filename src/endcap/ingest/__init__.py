"""From bytes to checked events, to the log, to the live state."""
