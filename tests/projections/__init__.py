"""Tests of read models, reports and the warehouse."""
