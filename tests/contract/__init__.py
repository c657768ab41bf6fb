"""Every adapter against its partner, over real HTTP."""
