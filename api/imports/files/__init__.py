"""Files: CSV and XLSX as rows of text, as a person sees them."""
