"""Contract suites that the author of a plug-in can run too."""
