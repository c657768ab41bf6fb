"""The benchmark of sourcing: what decisions cost in all, and what they take."""
