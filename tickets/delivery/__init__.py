"""What goes out to ServiceNow: exactly one record a ticket and one note a comment, whatever dies on the way. The only
room that creates or writes there, but for the trial records of configuration.

May import: tracking, records, models. Its rules: docs/delivery.md and docs/decisions/0001, 0006 and 0007.
"""
