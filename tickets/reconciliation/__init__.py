"""All tickets held against all that ServiceNow holds of them, and what is done about what differs. Reads there;
nothing is sent to ServiceNow for it but by delivery.

May import: delivery, tracking, records, models; not configuration.
"""
