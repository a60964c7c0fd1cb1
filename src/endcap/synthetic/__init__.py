"""A shop that does not exist, with people who do not exist, and with the truth behind what they do.

The demo and the end-to-end tests run on it. It shares no code with any model: what the models find can be compared with
what was planted.
"""
