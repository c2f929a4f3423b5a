"""Between a ticket and its record in ServiceNow: which fields are sent, what a record tells, how a person names
one. Makes no calls and stores nothing.

May import: models.
"""
