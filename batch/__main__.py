"""Let `python -m batch` do what `campaign-batch` does."""

from batch.cli import main

if __name__ == "__main__":
    main()
