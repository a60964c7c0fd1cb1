"""What one request may cost: the only place where these numbers are written."""

MAX_EVENTS_BYTES = 1 << 20
MAX_ITEMS_BYTES = 8 << 20
MAX_REQUEST_BYTES = 256 << 10
MAX_DOCUMENT_BYTES = 256 << 10
MAX_DOCUMENTS = 500
"""How many placements, or rules, a shop may have."""

MAX_KEY_CHARACTERS = 200
MAX_CACHED_KEYS = 10_000
"""How many keys, known or not, are remembered between two looks at the store."""

REFRESH_EVERY_S = 0.5
"""How often the server looks for what other processes changed; they are promised a second."""

RETRY_AFTER_S = 1
"""What a client that is turned away is told to wait."""
