"""A process that reads what strangers wrote has nothing: each thing that it lacks, from within."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from batch.system.confined import process as room
from batch.system.confined.process import Confined, search_path

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes these rights away")
BOOT = """
import sys
sys.path[:] = sys.argv[3:]
from batch.system.confined.within import confine
confine(int(sys.argv[1]))
import json, os, socket
def tried(what):
    try:
        return repr(what())
    except BaseException as error:
        return type(error).__name__
"""


def ask(code: str) -> object:
    """Run code in a confined process and give what it writes as JSON."""
    running = Confined(BOOT + code, [str(os.getpid()), *search_path()])
    try:
        return json.loads(running.source.read())
    finally:
        running.close()


def test_it_has_no_environment_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the token nor anything else that the environment holds comes along."""
    monkeypatch.setenv("CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN", "t0k/en")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    found = ask("print(json.dumps(dict(os.environ)))")
    assert isinstance(found, dict)
    assert set(found) <= {"TMPDIR", "TEMP", "TMP", "MALLOC_ARENA_MAX", "LC_CTYPE", *room._KEPT}


def test_its_folder_is_its_own_and_goes_with_it() -> None:
    """It works in a folder of its own, which nobody else may read and which is gone afterwards."""
    running = Confined("import os; print(os.getcwd())", [str(os.getpid()), *search_path()])
    folder = Path(running.source.read().decode().strip())
    assert folder == Path(running.folder).resolve()
    assert os.name != "posix" or folder.stat().st_mode & 0o777 == 0o700
    running.close()
    assert not folder.exists()


@LINUX
def test_it_reaches_no_network(tmp_path: Path) -> None:
    """Neither a server on this machine nor one beyond; names are not looked up either."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = ask(
            f"print(json.dumps([tried(lambda: socket.create_connection(('127.0.0.1', {port}), 2)),"
            "tried(lambda: socket.create_server(('127.0.0.1', 0))),"
            "tried(lambda: socket.getaddrinfo('example.com', 80))]))"
        )
    assert len(found) == 3  # type: ignore[arg-type]
    assert all(str(one).endswith(("Error", "gaierror")) for one in found)  # type: ignore[attr-defined]


@LINUX
def test_it_writes_no_file_and_starts_no_program(tmp_path: Path) -> None:
    """A file of somebody else's cannot be changed, removed or made, and no program started; reading works."""
    there = tmp_path / "there"
    there.write_text("words", encoding="utf-8")
    found = ask(
        f"p = {str(tmp_path)!r}\n"
        "def write(name, mode):\n"
        "    with open(p + name, mode) as file: file.write('x' * 10); file.flush()\n"
        "print(json.dumps([tried(lambda: open(p + '/there').read()), tried(lambda: write('/there', 'w')),"
        "tried(lambda: write('/new', 'x')), tried(lambda: os.remove(p + '/there')),"
        "tried(lambda: os.mkdir(p + '/folder')), tried(lambda: os.symlink('a', p + '/link')),"
        "tried(lambda: os.execv('/bin/true', ['true']))]))"
    )
    assert found[0] == "'words'"  # type: ignore[index]
    assert all(str(one).endswith("Error") for one in found[1:])  # type: ignore[index]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]
    assert there.read_text(encoding="utf-8") == "words"


@LINUX
def test_its_descriptors_are_its_pipes(tmp_path: Path) -> None:
    """Nothing that is open here is open there, even where it may be handed down; and few more may be opened."""
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        found = ask(
            "print(json.dumps([os.readlink(f'/proc/self/fd/{n}').split(':')[0]"
            " for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')]))"
        )
    assert set(found) <= {"pipe", "/dev/null"}  # type: ignore[call-overload]


@LINUX
def test_its_group_ends_with_it() -> None:
    """A process that it started before it gave that up ends with it."""
    code = (
        "import subprocess, sys, time\n"
        "made = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(made.pid, flush=True); time.sleep(600)"
    )
    running = Confined(code, [str(os.getpid()), *search_path()])
    made = int(running.source.readline())
    running.close()
    assert _ends(made)
    assert _ends(running.pid)


@LINUX
def test_it_ends_with_its_parent() -> None:
    """One whose parent is killed, and so can say nothing any more, ends."""
    code = (
        "import os, time\nfrom pathlib import Path\nfrom batch.system.confined import process as room\n"
        f"made = room.Confined({BOOT!r} + 'import time; print(1, flush=True); time.sleep(600)', "
        "[str(os.getpid()), *room.search_path()])\n"
        "made.source.readline(); print(made.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        made = int(parent.stdout.readline())
        parent.kill()
    assert _ends(made)


@LINUX
def test_its_limits_are_those_of_the_system_too() -> None:
    """No core, no file written, few open files."""
    found = ask(
        "import resource as r\n"
        "print(json.dumps([r.getrlimit(one)[1] for one in (r.RLIMIT_CORE, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE)]))"
    )
    assert found == [0, 0, 64]


def _ends(pid: int) -> bool:
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        time.sleep(0.02)
    return False
