"""Rows.

Read models as tables: applied, rebuilt beside, compared, switched; what cannot be read is parked.
"""
