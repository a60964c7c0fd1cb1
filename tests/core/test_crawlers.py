"""Crawlers are found out, and no browser is taken for one."""

from __future__ import annotations

import random

import crawleruseragents

from endcap.core.crawlers import LONGEST_AGENT, is_crawler

SYSTEMS = (
    "Windows NT 10.0; Win64; x64", "Windows NT 6.1; WOW64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64",
    "X11; Ubuntu; Linux x86_64", "X11; CrOS x86_64 14541.0.0", "Linux; Android 14; Pixel 8", "Linux; Android 10; K",
    "Linux; Android 13; SM-S918B", "Linux; Android 12; M2101K6G",
)  # fmt: skip
PHONES = (
    "iPhone; CPU iPhone OS 17_4_1 like Mac OS X",
    "iPad; CPU OS 16_6 like Mac OS X",
    "iPhone; CPU iPhone OS 15_0 like Mac OS X",
)


def browsers() -> list[str]:
    """The user agents of browsers, as these have been put together for years: system, engine, version."""
    made = []
    for system in SYSTEMS:
        for version in range(100, 142, 2):
            chrome = f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0"
            made += [
                f"{chrome} Safari/537.36", f"{chrome} Safari/537.36 Edg/{version}.0.{version * 7}.{version // 3}",
                f"{chrome} Safari/537.36 OPR/{version - 14}.0.0.0", f"{chrome} Mobile Safari/537.36",
                f"Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0",
            ]  # fmt: skip
    for phone in PHONES:
        for safari in ("15.0", "16.6", "17.4.1", "18.2"):
            webkit = f"Mozilla/5.0 ({phone}) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            made += [
                f"{webkit} Version/{safari} Mobile/15E148 Safari/604.1",
                f"{webkit} CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1",
            ]  # fmt: skip
    return made


def test_every_known_crawler_is_found_out() -> None:
    known = [agent for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]
    assert len(known) > 2_000
    assert [agent for agent in known if not is_crawler(agent)] == []


def test_no_browser_is_taken_for_one() -> None:
    made = random.Random(3).sample(browsers(), 1_000)
    assert [agent for agent in made if is_crawler(agent)] == []


def test_a_made_up_agent_is_not_read_to_its_end() -> None:
    assert not is_crawler("x" * LONGEST_AGENT + "Googlebot")
