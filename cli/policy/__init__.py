"""`ariane policy`: books of policies, from a file to the orders, and what a trial says."""
