"""The console: pages for the people who run the shop."""
