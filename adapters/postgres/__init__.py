"""Ariane's own books: tables, queries, migrations."""
