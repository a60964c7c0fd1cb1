"""A shop that does not exist, with planted truth. Shares no code with any model."""
