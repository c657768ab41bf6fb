"""`ariane chaos`: faults upon a stack of real processes, and a checker of what they left."""
