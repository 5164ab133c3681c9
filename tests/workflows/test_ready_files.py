"""The ready files that run the watch: filled in for this machine, readable for the systems they are for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli_support import Shell

from batch.system.resources import templates_folder
from batch.workflows.ready_files import KINDS, find_command, write_running

NAMES = {
    "windows": {"drop a sheet here.cmd", "watch-once.cmd", "watch-task.xml"},
    "systemd": {
        "campaign-batch-watch.service",
        "campaign-batch-worker.service",
        "campaign-batch-once.service",
        "campaign-batch-once.timer",
    },
    "cron": {"crontab"},
    "docker": {"Dockerfile", "compose.yaml", "constraints.txt", "constraints-workers.txt"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_init_writes_settings_guide_and_the_files_of_one_system(shell: Shell, tmp_path: Path, kind: str) -> None:
    """Nothing is left to fill in, and settings that are there stay."""
    assert shell.run("init", "--running", kind).code == 0
    settings = tmp_path / "campaign-batch.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n# ours\n", encoding="utf-8")
    assert shell.run("init", "--running", kind, "--force").code == 0
    assert settings.read_text(encoding="utf-8").endswith("# ours\n")
    written = {path.name: path.read_bytes() for path in (tmp_path / "running").iterdir()}
    assert set(written) == {*NAMES[kind], "GUIDE.md"}
    for name, content in written.items():
        assert b"@FOLDER@" not in content
        assert b"@COMMAND@" not in content
        assert b"@IDS@" not in content
        if name.endswith(".cmd"):
            assert content.count(b"\r\n") == content.count(b"\n")
    assert any(str(tmp_path).encode() in content for content in written.values())


@pytest.mark.skipif(os.name != "posix", reason="cron is not there")
def test_a_folder_with_an_odd_name_is_a_folder_to_cron(tmp_path: Path) -> None:
    """Its shell obeys nothing of it, and cron takes no percent sign for a line's end."""
    folder = tmp_path / 'a 100% "$(touch pwned)" `x` \\ b'
    folder.mkdir()
    [path, _] = write_running("cron", folder)
    line = path.read_text(encoding="utf-8").splitlines()[-1]
    assert re.search(r"(?<!\\)%", line) is None
    step = line.replace("\\%", "%").removeprefix("*/5 * * * * ").partition(" && ")[0]
    ran = subprocess.run(["sh", "-c", f"{step} && pwd"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{folder}\n"


def test_files_that_are_there_stay(shell: Shell) -> None:
    """Somebody may have changed them; --force writes over them."""
    shell.run("init", "--running", "cron")
    assert shell.run("init", "--running", "cron").code == 2
    assert shell.run("init", "--running", "cron", "--force").code == 0


def test_an_unknown_system_is_exit_2(shell: Shell) -> None:
    """The line names the known ones."""
    ran = shell.run("init", "--running", "amiga")
    assert (ran.code, "windows, systemd, cron, docker" in ran.err) == (2, True)


def test_the_task_is_xml_and_runs_one_at_a_time(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the folder's name holds what XML and batch files mind."""
    odd = tmp_path / "100% R&D"
    odd.mkdir()
    monkeypatch.chdir(odd)
    shell.run("init", "--running", "windows")
    task = ElementTree.parse(odd / "running" / "watch-task.xml").getroot()
    spaces = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    assert task.findtext(".//t:WorkingDirectory", namespaces=spaces) == str(odd)
    assert task.findtext(".//t:MultipleInstancesPolicy", namespaces=spaces) == "IgnoreNew"
    assert "100%% R&D" in (odd / "running" / "watch-once.cmd").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_systemd_takes_the_units(shell: Shell, tmp_path: Path) -> None:
    """Its own checker has nothing to say about them."""
    shell.run("init", "--running", "systemd")
    units = [str(path) for path in (tmp_path / "running").iterdir() if path.suffix in {".service", ".timer"}]
    checked = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60, check=False
    )
    assert [line for line in checked.stderr.splitlines() if "campaign-batch" in line] == []


@pytest.mark.skipif(os.name != "posix", reason="users have no numbers there")
def test_the_containers_run_as_who_owns_the_folder(shell: Shell, tmp_path: Path) -> None:
    """Settings and token are for nobody else to read, and an image's own user would be somebody else."""
    shell.run("init", "--running", "docker")
    text = (tmp_path / "running" / "compose.yaml").read_text(encoding="utf-8")
    assert f'user: "{os.geteuid()}:{os.getegid()}"' in text
    assert "/healthz" in text
    assert "path: ./tokens.env, required: false" in text


def test_the_guide_names_only_what_is_there() -> None:
    """Every ready file is explained, and each command that it names exists."""
    from typer.main import get_command

    from batch.cli.session import app

    guide = (templates_folder() / "running" / "GUIDE.md").read_text(encoding="utf-8")
    for names in NAMES.values():
        assert [name for name in names if name not in guide and name != "crontab"] == []
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = {part.split("`")[0].split()[0] for part in guide.split("`campaign-batch ")[1:]}
    assert named <= commands
    assert Path(find_command()).name.startswith("campaign-batch")
