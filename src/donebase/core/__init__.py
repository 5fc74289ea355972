"""Tasks and their users: what they are and what can be done to them. No HTTP, no environment, no pool."""
