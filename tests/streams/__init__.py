"""Tests of what flows: publish, project, react."""
