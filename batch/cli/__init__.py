"""The command line: options in, one workflow, words and exit code out."""

from batch.cli import books, files, people, setting_up, weekly
from batch.cli.session import main

__all__ = ["books", "files", "main", "people", "setting_up", "weekly"]
