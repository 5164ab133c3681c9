"""The command line: options in, one workflow, words and exit code out."""

from batch.cli import decisions, files, records, setting_up, unattended
from batch.cli.session import main

__all__ = ["decisions", "files", "main", "records", "setting_up", "unattended"]
