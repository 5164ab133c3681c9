"""Post campaigns with bare requests and keep no record: `URL TOKEN COUNT`; puts out the seconds."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta

import requests


def main() -> None:
    """Post, and look at nothing but the status."""
    url, token, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    at = f"{datetime.now() + timedelta(days=20):%Y-%m-%d %H:%M}:00"  # noqa: DTZ005 as such a script would
    begun = time.perf_counter()
    for number in range(count):
        answer = requests.post(
            f"{url}/sms/send-group-schedule-message?access_token={token}",
            json={
                "CampaignName": f"Bare {number}", "Message": f"Sale {number}. Reply STOP to opt out",
                "GroupIds": ["100"], "DateTime": at, "TypeRecipients": 0,
            },
            timeout=30,
        )  # fmt: skip
        answer.raise_for_status()
    sys.stdout.write(f"{time.perf_counter() - begun}\n")


if __name__ == "__main__":
    main()
