"""The loaded state, the engine, and what it says about its answers."""
