"""`ariane simulate`: another policy tried on past orders, before it goes live."""
