"""Commands: a wish to command becomes events, or a refusal."""
