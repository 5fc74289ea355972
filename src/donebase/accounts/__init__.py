"""Who asks, and how that is known: accounts, sessions, personal tokens, and the tokens of another issuer. No HTTP."""
