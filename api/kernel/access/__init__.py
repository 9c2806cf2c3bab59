"""Access: who calls, and what they see."""
