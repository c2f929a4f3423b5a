"""Tracking at its worst: everything changed at once, seen late and in part, by a poller that keeps being killed."""
