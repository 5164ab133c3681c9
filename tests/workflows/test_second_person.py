"""Who approves is proven by the system, not claimed: every way round it is tried, with real users and real files."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_support import coming, row, write_csv
from people_support import become, reachable_code
from weekly_support import Round, weekly

from batch.model import Person, Way
from batch.system.person import may_write, person_at_work, person_of
from batch.workflows.find import write_evidence_of

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may become other users"),
]
DANA, ROBIN = 40_001, 40_002


@pytest.fixture
def team() -> Iterator[Round]:
    """Give a team whose watch runs as root, and whose sheets are dropped by Dana."""
    with weekly() as team:
        team.desk.set(approval__required="true")
        team.folder.mkdir()
        team.folder.chmod(0o1777)
        yield team


def offer(team: Round, *, dropped_by: int = DANA) -> Path:
    """Drop a sheet as Dana and give its preview."""
    os.chown(team.drop(2), dropped_by, -1)
    team.watch(30, world=world_of(team))
    [page] = (team.folder / "waiting").glob("*.html")
    return page


def world_of(team: Round) -> Any:
    from dataclasses import replace

    user = person_at_work({})
    return replace(team.desk.world, who=user.shown, user=user)


def put_copy(team: Round, page: Path, owner: int, content: bytes | None = None) -> Path:
    """Put a copy of the preview into `approved/` as somebody's own file."""
    copy = team.folder / "approved" / page.name
    copy.write_bytes(page.read_bytes() if content is None else content)
    os.chown(copy, owner, -1)
    return copy


def went(team: Round) -> int:
    """Look once more and give how many campaigns went."""
    team.watch(30, world=world_of(team))
    return len(team.desk.sandbox.posts)


def refusal(team: Round) -> str:
    notes = (team.folder / "attention").glob("*what happened.txt")
    return "".join(path.read_text(encoding="utf-8") for path in notes)


def test_a_copy_by_another_lets_it_go_and_the_owner_is_on_the_record(team: Round) -> None:
    """The evidence says whose it is and how that is known."""
    put_copy(team, offer(team), ROBIN)
    assert went(team) == 2
    with team.desk.ledger() as ledger:
        proof = ledger.people.proof(1)
        assert (proof.submitter.uid, proof.approver.uid, proof.way) == (str(DANA), str(ROBIN), Way.COPY)
        assert ledger.batches.get(1).approved_by == f"uid {ROBIN}"
    page = write_evidence_of(team.desk.settings, team.desk.world, 1).read_text(encoding="utf-8")
    assert "by the owner of the preview" in page


def test_a_copy_by_who_handed_it_in_is_refused(team: Round) -> None:
    """That is no second person."""
    put_copy(team, offer(team), DANA)
    assert (went(team), f"submitted by uid {DANA}" in refusal(team)) == (0, True)


@pytest.mark.parametrize("kind", ["symlink", "hard link"])
def test_a_link_to_somebody_elses_file_is_refused(team: Round, kind: str) -> None:
    """Its owner says nothing about who put it there."""
    page = offer(team)
    theirs = team.desk.folder / "theirs.html"
    shutil.copyfile(page, theirs)
    os.chown(theirs, ROBIN, -1)
    link = team.folder / "approved" / page.name
    link.symlink_to(theirs) if kind == "symlink" else os.link(theirs, link)
    assert (went(team), "does not show who approves" in refusal(team)) == (0, True)
    assert not os.path.lexists(link)


def test_an_edited_copy_is_refused(team: Round) -> None:
    """A yes is to the bytes that were written, and to none else."""
    page = offer(team)
    put_copy(team, page, ROBIN, page.read_bytes() + b" ")
    assert (went(team), "as it was written" in refusal(team)) == (0, True)


def test_any_file_with_the_name_of_the_preview_is_refused(team: Round) -> None:
    """Knowing its name is no yes."""
    put_copy(team, offer(team), ROBIN, b"x")
    assert (went(team), "as it was written" in refusal(team)) == (0, True)


def test_a_file_that_anybody_may_write_to_names_nobody(team: Round) -> None:
    """Its owner need not be who filled it."""
    put_copy(team, offer(team), ROBIN).chmod(0o666)
    (team.folder / "approved").chmod(0o777)
    assert (went(team), "nothing says who moved" in refusal(team)) == (0, True)


def test_a_moved_preview_counts_only_where_who_handed_it_in_may_not_write(team: Round) -> None:
    """A moved file is still the watch's own: then only the folder's rights tell who it was not."""
    page = offer(team)
    (team.folder / "approved").chmod(0o777)
    page.rename(team.folder / "approved" / page.name)
    assert (went(team), "nothing says who moved" in refusal(team)) == (0, True)
    (team.folder / "approved").chmod(0o755)
    [back] = (team.folder / "attention").glob("*.html")
    back.rename(team.folder / "approved" / page.name)
    assert went(team) == 2
    with team.desk.ledger() as ledger:
        assert ledger.people.proof(1).way is Way.MOVED


def test_where_all_share_one_user_a_moved_preview_is_refused_unless_that_is_allowed(team: Round) -> None:
    """Then it goes, and the evidence says in so many words that nothing proves it."""
    page = offer(team, dropped_by=0)
    page.rename(team.folder / "approved" / page.name)
    assert (went(team), "nothing says who moved" in refusal(team)) == (0, True)
    team.desk.set(approval__shared_users="true")
    [back] = (team.folder / "attention").glob("*.html")
    back.rename(team.folder / "approved" / page.name)
    assert went(team) == 2
    page = write_evidence_of(team.desk.settings, team.desk.world, 1)
    assert "NOT proven: people share one system user here" in page.read_text(encoding="utf-8")


def test_the_rights_of_a_folder_count_those_above_it_too(tmp_path: Path) -> None:
    """Who may rename the folder above can put another in its place; a sticky bit keeps them from that."""
    tmp_path.chmod(0o755)
    above, folder = tmp_path / "inbox", tmp_path / "inbox" / "approved"
    folder.mkdir(parents=True)
    assert not may_write(folder, DANA)
    above.chmod(0o777)
    assert may_write(folder, DANA)
    above.chmod(0o1777)
    assert not may_write(folder, DANA)
    os.chown(above, DANA, -1)
    assert may_write(folder, DANA)


# The command, typed by real users


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[None]:
    """Let every user start what is installed here."""
    with reachable_code():
        yield


@pytest.fixture
def house(ready: Any, open_to_all: None) -> Iterator[Path]:
    """Give a folder that all may write to, with a batch that Dana handed in."""
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv")
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders are closed to others
        folder = Path(made)
        folder.chmod(0o777)
        write_csv(folder / "a.csv", [row(1), row(2)])
        assert run(folder, DANA, "submit", "a.csv", "--yes").returncode == 0
        yield folder


def run(folder: Path, uid: int, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Type a command as another user of the system."""
    settings = {name: value for name, value in os.environ.items() if name not in {"SUDO_USER", "USER", "LOGNAME"}}
    settings |= {"CAMPAIGN_BATCH_APPROVAL__REQUIRED": "true", "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*(become(uid) if uid else ()), sys.executable, "-c", "from batch.cli import main; main()", *words]
    ran = subprocess.run(
        command, cwd=folder, env={**settings, **environ}, capture_output=True, text=True, timeout=120, check=False
    )
    for path in folder.rglob("*"):  # here all of them may write to the ledger: only who types is what counts
        path.chmod(0o777 if path.is_dir() else 0o666)
    return ran


@pytest.mark.parametrize("name", ["USER", "LOGNAME", "LNAME", "USERNAME", "SUDO_USER"])
def test_no_variable_makes_somebody_else_of_who_types(house: Path, sandbox: Any, name: str) -> None:
    """Refused, as Dana, whatever she calls herself."""
    ran = run(house, DANA, "approve", "1", **{name: "robin"})
    assert (ran.returncode, sandbox.posts) == (2, [])
    assert "somebody else must approve it" in ran.stderr


def test_another_user_may_and_is_on_the_record(house: Path, sandbox: Any) -> None:
    """By the number too; a cancellation bears the system's name as well."""
    ran = run(house, ROBIN, "approve", "1", USER="ceo")
    assert (ran.returncode, len(sandbox.posts)) == (0, 2), ran.stderr
    shown = run(house, ROBIN, "ledger", "show", "1").stdout
    assert (f"approved_by: uid {ROBIN}" in shown, f"submitted_by: uid {DANA}" in shown, "ceo" in shown) == (
        True,
        True,
        False,
    )
    assert run(house, ROBIN, "cancel", "1", "--why", "x", USER="ceo").returncode == 0
    shown = run(house, ROBIN, "ledger", "show", "1").stdout
    assert ("ceo" in shown, shown.count(f"(uid {ROBIN} on ")) == (False, 1)
    assert (
        f"by uid {ROBIN}"
        in run(house, ROBIN, "pause", "--why", "x", USER="ceo").stdout + run(house, ROBIN, "doctor", USER="ceo").stdout
    )


def test_who_became_root_with_sudo_is_recorded_beside_it(house: Path, sandbox: Any) -> None:
    """And who handed it in is no second person by becoming root."""
    dana = "dana"
    mine = write_csv(house / "b.csv", [row(3, DateTime=coming(9, 12))])
    assert run(house, 0, "submit", mine.name, "--yes", SUDO_USER=dana).returncode == 0
    ran = run(house, 0, "approve", "2", SUDO_USER=dana)
    assert (ran.returncode, "submitted by root (sudo by dana)" in ran.stderr) == (2, True)
    ran = run(house, 0, "approve", "2", SUDO_USER="robin")
    assert (ran.returncode, "root is the same system user" in ran.stderr) == (2, True)
    ran = run(house, 0, "approve", "2", SUDO_USER=dana, CAMPAIGN_BATCH_APPROVAL__SHARED_USERS="true")
    assert (ran.returncode, sandbox.posts) == (2, [])
    ran = run(house, 0, "approve", "1", SUDO_USER="robin")
    assert (ran.returncode, len(sandbox.posts)) == (0, 2), ran.stderr
    assert "approved_by: root (sudo by robin)" in run(house, 0, "ledger", "show", "1").stdout


def test_who_shares_a_user_may_only_where_a_setting_says_so(house: Path, sandbox: Any) -> None:
    """Refused with the reason and the other ways; allowed, the record says that nothing proves it."""
    ran = run(house, DANA, "approve", "1")
    assert "same system user" in ran.stderr
    assert "shared_users = true under [approval]" in ran.stderr
    ran = run(house, DANA, "approve", "1", CAMPAIGN_BATCH_APPROVAL__SHARED_USERS="true")
    assert (ran.returncode, len(sandbox.posts)) == (0, 2), ran.stderr
    page = Path(run(house, DANA, "report", "--evidence", "1").stdout.strip())
    assert "NOT proven: people share one system user here" in (house / page).read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_a_namespace_of_ones_own_makes_nobody_root(house: Path, sandbox: Any) -> None:
    """In it everybody is root by number: who types is then unknown, and that is no second person."""
    words = ["unshare", "-r", sys.executable, "-c", "from batch.cli import main; main()", "approve", "1"]
    settings = {**os.environ, "CAMPAIGN_BATCH_APPROVAL__REQUIRED": "true", "HOME": str(house)}
    ran = subprocess.run(words, cwd=house, env=settings, capture_output=True, text=True, timeout=120, check=False)
    if "unshare" in ran.stderr:
        pytest.skip("this system allows no such namespace")
    assert (ran.returncode, sandbox.posts) == (2, [])
    assert "the system does not say who types this" in ran.stderr


def test_a_held_row_is_sent_by_another_user_only(ready: Any, house: Path, sandbox: Any) -> None:
    """`resolve --send` compares the system's users, too."""
    assert run(house, ROBIN, "reject", "1", "--why", "no").returncode == 0
    ran = run(house, DANA, "resolve", "1", "--send", "--why", "x", USER="robin", LOGNAME="robin")
    assert (ran.returncode, "needs a second person" in ran.stderr) == (2, True)


def test_people_are_compared_by_number_and_by_name() -> None:
    """A name in other letters is the same; one user is the same under two names."""
    dana, robin = Person("dana", "1"), Person("robin", "2")
    assert (Person("DANA", "9").is_named_like(dana), robin.is_named_like(dana)) == (True, False)
    assert (Person("robin", "1").has_user_of(dana), Person("robin").has_user_of(Person("dana"))) == (True, False)
    assert (Person("root", "0", "dana").is_named_like(dana), Person("root", "0", "dana").shown) == (
        True, "root (sudo by dana)",
    )  # fmt: skip
    assert person_of(0).name == pwd.getpwuid(0).pw_name
    assert not person_of(65_534).is_known
