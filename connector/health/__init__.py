"""How a connection is doing: its checks, what they found, and what to do about it, in plain words.

May import: access, models, the client.
"""
