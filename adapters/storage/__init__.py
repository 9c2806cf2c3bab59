"""Storage: databases and files: tables, migrations, leases, rights."""
