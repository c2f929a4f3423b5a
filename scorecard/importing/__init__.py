"""Secure Score into the tables: documents are read, checked and stored, all or nothing.

May import: models, graph.
"""
