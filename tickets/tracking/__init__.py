"""What comes in from ServiceNow: records are read, compared and mirrored, and what happened is told. Only reads
there; what is found is stored in the ticket's row.

May import: records, models.
"""
