"""The outside world, simulated: carriers, warehouses, a payment provider and a notifier over HTTP.

It shares no code with Ariane: the two meet only over HTTP, as with the partners it stands for.
"""
