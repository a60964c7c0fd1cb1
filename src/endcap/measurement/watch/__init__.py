"""The watch over a shop: checks of its data, models and machines, and alarms that open, remind and close."""
