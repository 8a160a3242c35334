"""What an instructor needs around nbgrader; it stands alone, and nothing else of unrolled imports it."""
