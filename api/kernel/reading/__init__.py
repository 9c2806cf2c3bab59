"""Reading: what reads share: parameters, moments, cursors, the form of answers."""
