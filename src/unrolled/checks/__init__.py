"""Checks that name the mistake: ``check_<task>(student_function)`` raises ``CheckFailed`` with a hint, or returns."""
