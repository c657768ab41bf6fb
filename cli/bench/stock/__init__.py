"""`ariane bench-stock`: reservations and reads of stock, timed beside plain statements."""
