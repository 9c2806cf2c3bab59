"""At a glance: what waits for somebody, and all of a customer on one page."""
