"""A scheduler starts it with hardly any environment: no HOME, no TERM, a wrong TZ, LANG=C; and zones of odd offsets."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from torture_support import RealClock, assert_exactly_once
from weekly_support import weekly


@pytest.mark.skipif(os.name != "posix", reason="cron is a thing of POSIX")
@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe"])
def test_cron_needs_no_environment(zone: str) -> None:
    """What people wrote outside ASCII is sent whole, and zones of 45 and of 30 minutes give the right instant."""
    with weekly(clock=RealClock()) as team:
        team.desk.set(watch__stable_seconds=0.2, sheet__timezone=zone, checks__quiet_hours="")
        rows = [team.desk.row(number, CampaignName=f"Größe 周 {number}") for number in range(2)]
        team.drop(rows, "Grüße 😀.csv")
        bare = {"PATH": "/usr/bin:/bin", "TZ": "Nowhere/Atlantis", "LANG": "C", "LC_ALL": "C", **team.desk.environ}
        bare["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
        words = [sys.executable, "-m", "batch", "watch", "--once"]
        ran = subprocess.run(
            words,
            cwd=team.desk.folder,
            env=bare,
            capture_output=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert (ran.returncode, b"Traceback" in ran.stderr) == (0, False), ran.stderr
        assert_exactly_once(team.desk.sandbox, team.desk.entries(), 2)
        entry = team.desk.entry("R-1")
        assert (entry.campaign_name, entry.zone) == ("Größe 周 1", zone)
        assert team.sheets("done")[0].endswith("Grüße 😀.csv")
        assert entry.send_at is not None
        assert entry.send_at.minute == {"Asia/Kathmandu": 16, "Australia/Lord_Howe": 1}[zone]
