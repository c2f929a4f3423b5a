"""A pretend outside world in a process of its own: a ServiceNow instance, Microsoft Entra and Microsoft Graph.

It imports nothing of the portal and shares no code with the clients that it is there to test.
"""
