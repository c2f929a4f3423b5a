"""Why the score moved between two days, from the rows of both. Pure: asks no database and nobody else.

May import: models (choices and rounding).
"""
