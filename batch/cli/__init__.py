"""The command line: options in, one workflow, words and exit code out."""

import gc

# Before all that is loaded for a command: rows come and go by the hundred thousand, modules stay, and hardly anything
# here is a circle, so Python need not look so often.
gc.set_threshold(200_000, 20, 20)

from batch.cli import decisions, files, records, setting_up, unattended  # noqa: E402
from batch.cli.session import main  # noqa: E402

__all__ = ["decisions", "files", "main", "records", "setting_up", "unattended"]
