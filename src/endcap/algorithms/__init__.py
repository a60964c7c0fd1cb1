"""The algorithms, one file each. See ``base`` for what a file must hold."""
