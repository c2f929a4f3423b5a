"""Microsoft's side of the pretend outside world: Entra's tokens and Graph's Secure Score of one tenant.

Far side: what a portal with an app registration in a Microsoft 365 tenant would meet. Sources: the Microsoft
identity platform's page on the client credentials grant, and Microsoft Graph v1.0's reference of secureScore
and secureScoreControlProfile. The tenant is Aozora Foods, an invented Japanese-Dutch maker of preserved food;
nothing here describes a real organisation.
"""
