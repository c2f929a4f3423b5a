"""A pretend ServiceNow instance: OAuth, Table API, sign-in, list and form pages."""
