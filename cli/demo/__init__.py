"""`ariane demo`: a day of orders, placed over HTTP in a local stack of its own, and its account."""
