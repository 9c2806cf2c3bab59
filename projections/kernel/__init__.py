"""The kernel of the projections.

What every read model and report is made of; it knows no business.
"""
