"""Merges.

How a customer that turned out to be another one goes into it, and comes out again if need be.
"""
