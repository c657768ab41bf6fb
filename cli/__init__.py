"""The command line: the local stack, and what people who run Ariane do by hand."""
