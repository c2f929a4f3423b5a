"""What people see of Secure Score: views, forms, and how reading it goes.

May import: every room.
"""
