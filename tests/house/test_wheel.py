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


def demo(installed: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo of the installed program in a folder."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(installed / "campaign-batch"), "demo"]
    return subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.proof
def test_the_demo_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    """Templates, migrations and samples travel inside the package; blanks and quotes in the path do no harm."""
    folder = tmp_path / "Ann's texts (week 48)"
    folder.mkdir()
    ran = demo(installed, folder)
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr
    report = Path(ran.stdout.splitlines()[-1])
    assert report.is_relative_to(folder)
    assert "Winter coats Dallas" in report.read_text(encoding="utf-8")


@pytest.mark.proof
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which not even root may write")
def test_the_demo_says_that_a_folder_cannot_be_written(installed: Path) -> None:
    """One line with the remedy, for root as for anybody."""
    ran = demo(installed, Path("/proc"))
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (2, "", 1)
    assert '"campaign-batch-demo" cannot be the folder of the demo: name a new one that can be made' in ran.stderr
