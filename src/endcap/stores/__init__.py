"""Where things are kept: the ports, and one folder or file per back end."""
