"""Tests of the domain: every rule raised, every fact replayed."""
