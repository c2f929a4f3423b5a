"""What people see of the connection: views and forms.

May import: every room.
"""
