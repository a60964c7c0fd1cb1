"""Which events no shopper sent: those of crawlers, by their user agent.

One definition for all that counts and learns. Such events stay in the log, but nothing is trained, counted live, credited or
evaluated with them.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

import crawleruseragents

from endcap.core.events import Event
from endcap.core.request import RecommendRequest

AGENT_KEY = "user_agent"
"""Where the ``context`` of an event or a request says which program sent it. The server says so itself of a page's request that
comes from a crawler."""

REMEMBERED_AGENTS = 20_000
"""How many user agents are remembered: a new one costs a millisecond, a known one next to nothing."""

LONGEST_AGENT = 512
"""How many letters of a user agent are looked at: what is longer is made up, and would take long."""


class _Patterns:
    @cached_property
    def any_of(self) -> re.Pattern[str]:
        return re.compile("|".join(entry["pattern"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA))


_patterns = _Patterns()


@lru_cache(maxsize=REMEMBERED_AGENTS)
def is_crawler(user_agent: str) -> bool:
    """Whether a user agent is that of a known crawler; nothing said is nothing known.

    Source: the patterns of the package ``crawler-user-agents``.

    >>> is_crawler("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"), is_crawler("")
    (True, False)
    """
    return bool(_patterns.any_of.search(user_agent[:LONGEST_AGENT]))


def user_agent(sent: Event | RecommendRequest) -> str | None:
    """The user agent that an event or a request names, as much of it as is looked at; nothing where it names none."""
    told = sent.context.get(AGENT_KEY) if sent.context is not None else None
    return told[:LONGEST_AGENT] if isinstance(told, str) else None


def of_crawler(sent: Event | RecommendRequest) -> bool:
    """Whether an event or a request names the user agent of a crawler.

    >>> bot = {"user_agent": "Googlebot/2.1"}
    >>> of_crawler(Event(event_id="1", type="view", at=1_300_000_000_000, session_id="s", item_id="mug", context=bot))
    True
    """
    agent = user_agent(sent)
    return agent is not None and is_crawler(agent)
