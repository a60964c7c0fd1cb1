"""The job that reads the log, fits, and publishes a bundle."""
