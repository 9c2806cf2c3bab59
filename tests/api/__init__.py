"""Tests of the ways in: HTTP and the command line."""
