"""Returns in the books: opening one, what comes of it, how it ends."""
