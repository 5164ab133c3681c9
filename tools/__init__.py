"""What makes the lists of what the program needs; no part of the program."""
