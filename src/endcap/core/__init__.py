"""The words of Endcap: events, items, money, requests, placements, and the arrays that algorithms learn from."""
