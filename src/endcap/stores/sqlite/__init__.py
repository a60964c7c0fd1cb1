"""The stores of one machine: SQLite files, Parquet day files and bundle folders, with no server to run."""

from endcap.stores.sqlite.home import open_home

__all__ = ["open_home"]
