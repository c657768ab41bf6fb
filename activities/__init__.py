"""The steps of the process: each loads, decides with the domain, and writes in one transaction."""
