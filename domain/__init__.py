"""The business of Ariane, pure: values and decisions, no I/O, no clock, no randomness."""
