"""A client of Microsoft Graph's Secure Score. Knows no framework, no database and no settings."""
