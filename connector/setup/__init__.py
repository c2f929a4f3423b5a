"""Setting a connection up: the steps, the authorization, the change-over.

May import: health, access, models, the client.
"""
