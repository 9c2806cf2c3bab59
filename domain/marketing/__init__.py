"""Marketing: campaigns: whom they address, what they bring."""
