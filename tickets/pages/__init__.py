"""What people see of tickets: views, forms, filters and the texts around them. Decides nothing that an action or the
delivery decides.

May import: every room.
"""
