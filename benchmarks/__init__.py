"""What the program costs, side by side with what else a team could run: `python -m benchmarks`, or `make bench`."""
