"""What an earlier program wrote is opened, verified and read by this one."""
