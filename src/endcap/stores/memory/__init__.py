"""The reference implementation: everything in memory, gone with the process. Small enough to be seen to be right."""

from endcap.stores.memory.home import MemoryHome, open_home

__all__ = ["MemoryHome", "open_home"]
