"""What the figures are compared with: each a program of its own, as short as a user would write it."""
