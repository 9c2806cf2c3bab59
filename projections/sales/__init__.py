"""Sales: the list of opportunities; the pipeline and sales in figures."""
