"""What ``endcap bench`` measures: the shipped server with the shipped settings, beside a peer in the same run.

A time on a shared machine means little; a ratio to something known, measured in turns in the same run, means more. Each file
measures one thing: ``measure(disk)`` works in a temporary folder on that disk and returns :class:`endcap.bench.result.Result`.
"""
