"""What a user does, each command in the module of its name, and what they share."""
