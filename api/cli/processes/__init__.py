"""Processes: the processes that `keyline` starts, alone or all on one machine."""
