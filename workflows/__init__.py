"""The processes: durable, deterministic, and readable as what they are."""
