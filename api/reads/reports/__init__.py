"""Reports: figures, what they are compared with, and the records behind each."""
