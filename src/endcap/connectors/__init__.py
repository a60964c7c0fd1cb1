"""Foreign files and systems, one file each. See ``base`` for what a file must hold."""
