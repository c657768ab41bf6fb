"""Known bugs, planted one at a time, and what catches each: `python -m tests.mutants`.

A test that cannot fail proves nothing. Each mutant is a change that an engineer might make, in the
text of one module; a copy of the tree gets it, and what is expected to catch it runs there.
"""
