"""What was shown, seen and bought, in figures."""
