"""The way to a signed-in client: secrets, tokens, turns, and whether an instance may be called at all.

May import: models, the client.
"""
