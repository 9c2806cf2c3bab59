"""Sites.

Where customers are, how they are connected there, what stands there, and what they have of us.
"""
