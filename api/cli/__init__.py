"""The command line: `keyline`: what an operator, an importer, an auditor types."""
