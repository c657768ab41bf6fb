"""`ariane bench`: what an order costs, counted and timed beside the engine's own limit."""
