"""What flows: publishing, consuming and projecting events, and reacting to them."""
