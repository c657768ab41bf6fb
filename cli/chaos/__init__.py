"""`ariane chaos`: a campaign of faults on a stack of real processes, and the checker of what it left."""
