"""How each promise is checked: the tests mirror the code, with real parts only."""
