"""Figures: any report as a table, a plot or a file, and the charts that people look at often."""
