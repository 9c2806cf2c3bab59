"""Time: facts of earlier days: what they mean for what was recorded since."""
