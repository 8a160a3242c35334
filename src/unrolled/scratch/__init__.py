"""Every model of the course in NumPy: a forward that returns ``(out, cache)``, a backward that reads it."""
