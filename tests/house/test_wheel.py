"""The wheel, installed in a fresh environment, carries all it needs and runs from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it, with its own dependencies, into an environment of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    venv.create(folder / "env", with_pip=False)
    programs = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    wheel = next(folder.glob("*.whl"))
    for what in (["--require-hashes", "--requirement", str(ROOT / "constraints.txt")], ["--no-deps", str(wheel)]):
        install = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(programs / "python"),
            "install",
            "--quiet",
            "--no-compile",
        ]
        install += what
        subprocess.run(install, check=True, capture_output=True)
    return programs


def test_the_demo_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    """Templates, migrations and samples travel inside the package; the report lies where the demo says."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [str(installed / "campaign-batch"), "demo"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr
    report = Path(ran.stdout.splitlines()[-1])
    assert report.is_relative_to(tmp_path)
    assert "Winter coats Dallas" in report.read_text(encoding="utf-8")
