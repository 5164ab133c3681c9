"""How many examples a property is tried with: all of them in `make test`, a tenth in `make quick`."""

from __future__ import annotations

import os

from hypothesis import settings

QUICK = os.environ.get("CAMPAIGN_QUICK") == "1"


def tries(examples: int) -> settings:
    """Try a property with that many examples, however long each takes."""
    return settings(max_examples=max(10, examples // 10) if QUICK else examples, deadline=None)
