"""What an organisation sets for its tickets: mapped fields and what may be chosen for them, trials, state names.

May import: delivery, tracking, records, models; not reconciliation.
"""
