"""Reports in an object store: each finished file is put there, and what cannot be put is told in words."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts_support import Town, open_town
from cli_support import Shell, row, write_csv

from batch.adapters.config import Settings, load_settings
from batch.adapters.store import probe, put
from batch.model.errors import ReportError, UsageError

KEY = "AKIASECRETSECRET"


def need(*names: str) -> None:
    """Skip where the extra is not installed; on CI that is a fault."""
    for name in names:
        if os.environ.get("CI"):
            __import__(name)
        else:
            pytest.importorskip(name)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a real S3-compatible server on loopback, with a bucket `team`."""
    need("moto", "flask", "flask_cors", "s3fs")
    folder = tmp_path_factory.mktemp("s3")
    with (folder / "log").open("wb") as log:
        line = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        process = subprocess.Popen(line, stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        yield _address(process, folder / "log")
    finally:
        process.terminate()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        for line in log.read_text(errors="replace").splitlines():
            if "Running on http://" in line:
                return "http://" + line.partition("Running on http://")[2].split()[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace"))


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the library find the server and its keys in the environment, as a team's would."""
    import s3fs

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim-geheim")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    s3fs.S3FileSystem.clear_instance_cache()
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    if not system.exists("team"):
        system.mkdir("team")
    return "s3://team/weekly"


@pytest.fixture
def town(shell: Shell, tmp_path: Path) -> Iterator[Town]:
    with open_town(shell, tmp_path) as opened:
        yield opened


def test_a_report_goes_to_the_store_of_each_account(town: Town, tmp_path: Path, bucket: str) -> None:
    """As a page that a browser opens, under the name that links in mails have; a copy stays in the local folder."""
    import s3fs

    town.settings(top=f'[reports]\nfolder = "{bucket}"\n')
    sheet = write_csv(tmp_path / "week.csv", [row(1)])
    ran = town.shell.run("submit", sheet, "--yes", "--json", "--account", "dallas")
    assert ran.code == 0, ran.err
    names = ["batch-0001-week.html", "batch-0001-week.xlsx", "latest.html", "status.html"]
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    assert sorted(path.rpartition("/")[2] for path in system.ls("team/weekly/dallas")) == names
    assert system.cat("team/weekly/dallas/batch-0001-week.html") == Path(ran.json["reports"][0]).read_bytes()
    assert system.call_s3("head_object", Bucket="team", Key="weekly/dallas/latest.html")["ContentType"] == "text/html"
    assert Path(ran.json["reports"][0]).parent == tmp_path / "reports" / "dallas"
    probe(bucket)
    assert len(system.ls("team/weekly", refresh=True)) == 1


def test_what_cannot_be_put_is_told_after_the_campaigns_went(town: Town, tmp_path: Path, bucket: str) -> None:
    """In one line, without a key; the local copy is whole."""
    town.settings(top='[reports]\nfolder = "s3://nobody-has-it/weekly"\n')
    sheet = write_csv(tmp_path / "week.csv", [row(1)])
    ran = town.shell.run("submit", sheet, "--yes", "--account", "dallas")
    assert (ran.code, town.names("dallas")) == (3, ["Campaign 1"])
    assert 'cannot be put into "s3://nobody-has-it/weekly/dallas"' in ran.err
    assert "AWS_ACCESS_KEY_ID" in ran.err
    assert KEY not in ran.err
    assert "geheim" not in ran.err
    assert (tmp_path / "reports" / "dallas" / "batch-0001-week.html").exists()


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_any_place_that_fsspec_reaches_will_do(tmp_path: Path, kind: str) -> None:
    """A mounted folder, or memory."""
    need("fsspec")
    from fsspec.core import url_to_fs

    store = f"file://{tmp_path}/share/weekly" if kind == "file" else "memory://share/weekly"
    path = tmp_path / "page.html"
    path.write_text("<p>", encoding="utf-8")
    put(path, store, "dallas/page.html")
    probe(store)
    system, root = url_to_fs(store)
    assert system.cat(f"{root}/dallas/page.html") == b"<p>"
    assert [one.rpartition("/")[2] for one in system.ls(root, detail=False)] == ["dallas"]


def test_a_store_that_nothing_reaches_is_told(tmp_path: Path) -> None:
    """With what to install or to correct."""
    need("fsspec")
    with pytest.raises(ReportError, match=r'"nothing://x/y" cannot be used .*check \[reports\] folder'):
        probe("nothing://x/y")
    path = tmp_path / "page.html"
    path.touch()
    with pytest.raises(ReportError, match=r"cannot be put into .*object-store"):
        put(path, "gs://bucket/path", "page.html")


def test_each_account_has_its_own_place_in_the_store(tmp_path: Path) -> None:
    """The top's with its name, one of its own, or a mere folder."""
    text = '[reports]\nfolder = "s3://b/weekly/"\n[accounts.a]\n[accounts.b]\nreports = "s3://b/of-b"\n'
    settings = load_settings_of(tmp_path, f'{text}[accounts.c]\nreports = "here"\n')
    assert {name: one.report_store for name, one in settings.items()} == {
        "a": "s3://b/weekly/a", "b": "s3://b/of-b", "c": "",
    }  # fmt: skip
    assert {name: one.reports.folder.name for name, one in settings.items()} == {"a": "a", "b": "b", "c": "here"}
    with pytest.raises(UsageError, match="have the same folder of reports"):
        load_settings_of(tmp_path, f'{text}[accounts.c]\nreports = "s3://b/of-b"\n')


def load_settings_of(folder: Path, text: str) -> dict[str, Settings]:
    (folder / "campaign-batch.toml").write_text(text, encoding="utf-8")
    return dict(load_settings(None, {}, folder, (), ()).accounts)


def test_a_key_in_the_address_is_refused(tmp_path: Path) -> None:
    """It is not shown, and where it belongs is said."""
    with pytest.raises(UsageError, match="has a key or password in it: remove it") as raised:
        load_settings_of(tmp_path, '[reports]\nfolder = "s3://AKIA:geheim@bucket/path"\n')
    assert "geheim" not in str(raised.value)
