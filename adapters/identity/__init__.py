"""Identity: who somebody is: passwords, tokens, sessions, keys, a provider."""
