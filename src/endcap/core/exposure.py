"""How much a shopper was shown lately, and what came of it: what the fatigue budgets are worked out from."""

from __future__ import annotations

import msgspec


class Exposure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Recommended items that were seen (not merely fetched), counted for one person.

    ``session_seen`` since the visit began, ``week_seen`` in the last seven days; ``week_taken`` of them were clicked, put into
    the cart or bought; ``week_dismissed`` acts of "not interested" and thumbs down in the same time.
    """

    session_seen: int = 0
    week_seen: int = 0
    week_taken: int = 0
    week_dismissed: int = 0


UNEXPOSED = Exposure()
"""Of somebody who was never shown anything."""
