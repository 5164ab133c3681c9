"""Ten worlds as reports of plain records, for their pictures: what a team may see on a Monday."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from report_support import CHICAGO, DENVER, HOLD, NEW_YORK, NOW, WRONG_TIME, make_entry, week_report

from batch.adapters.report import Figures, Report, WeekFigures, count
from batch.model import Batch, Entry, Finding, FindingKind, Issue, Level, Status


def week_of_entries(*entries: Entry, trend: tuple[int, ...] = (24, 25, 26), **changes: object) -> Report:
    """Make the report of a week after others with so many campaigns."""
    before = tuple(
        WeekFigures(f"2026-W{48 - len(trend) + place:02d}", Figures(rows=n, scheduled=n - 2, sent=2, contacts=1000 * n))
        for place, n in enumerate(trend)
    )
    report = Report(
        "Week 48 of 2026",
        "week",
        NOW,
        CHICAGO,
        NEW_YORK,
        entries=entries,
        team="Northwind Retail",
        compared_at=NOW - timedelta(hours=2),
        credit_price=0.02,
    )
    report = replace(report, **changes)  # type: ignore[arg-type]
    return replace(report, trend=(*before, WeekFigures("2026-W48", count(report))))


def fine() -> Report:
    """All is scheduled, and there is nothing to do."""
    return week_of_entries(*(make_entry(n, findings=(), issues=()) for n in range(1, 25)))


def empty() -> Report:
    """No campaigns, after weeks of 24 to 26."""
    return week_of_entries()


def first_ever() -> Report:
    """The first week of a team."""
    return week_of_entries(*(make_entry(n) for n in range(1, 6)), trend=())


def trouble() -> Report:
    """Some of everything happened."""
    return week_report()


MMS = Issue(
    0,
    "",
    "MmsTemplateId",
    "template-not-approved",
    'MMS template 10586 ("Poster") is not approved yet: the row waits until it is approved',
    Level.WARNING,
    "10586",
)


def mms() -> Report:
    """Three campaigns wait for a picture that is not approved yet."""
    return week_of_entries(
        *(make_entry(n) for n in range(1, 15)),
        *(make_entry(n, Status.WAITING, mms_template_id=10586, issues=(MMS,)) for n in range(15, 18)),
    )


def broken(number: int, issue: Issue) -> Entry:
    """Make a row that does not go as it is."""
    send_at = None if issue is WRONG_TIME else NOW + timedelta(days=1, hours=number % 50)
    owner = ("maria@northwind.example", "lee@northwind.example")[number % 2]
    status = Status.HELD if issue is HOLD else Status.INVALID
    return make_entry(number, status, issues=(issue,), send_at=send_at, owner=owner)


def many() -> Report:
    """340 rows of one file, two in three broken."""
    bad = [
        Issue(9, "D", "DateTime", "time-missing", '"11/28/2026" has no hour: write it as "11/28/2026 10:00 AM"'),
        HOLD,
        Issue(
            9,
            "C",
            "GroupIds",
            "unknown-group",
            'there is no group "Dalas stores" in the account; did you mean "Dallas stores"?',
        ),
    ]
    times = {"time-missing": None, "quiet-hours": NOW + timedelta(days=4, hours=13)}
    rows = []
    for n in range(1, 341):
        if n % 3:
            issue = bad[n % 4 % 3]
            status = Status.HELD if issue is HOLD else Status.INVALID
            rows.append(
                make_entry(
                    n,
                    status,
                    issues=(issue,),
                    send_at=times.get(issue.code, NOW + timedelta(days=1, hours=n % 10)),
                    zone=DENVER,
                    owner=("maria@northwind.example", "lee@northwind.example")[n % 2],
                )
            )
        else:
            rows.append(make_entry(n))
    return Report(
        'Batch 7: "week48.xlsx"',
        "batch",
        NOW,
        CHICAGO,
        NEW_YORK,
        entries=tuple(rows),
        team="Northwind Retail",
        batches=(
            Batch(7, "week48.xlsx", "Campaigns", NOW - timedelta(minutes=9), 340, 2, 1, "dana", "ops-pc", "done"),
        ),
        compared_at=NOW,
        credit_price=0.02,
    )


LATE = NOW - timedelta(days=1, hours=11)
LATE_HOLD = replace(HOLD, message=HOLD.message.replace("Fri, Nov 27", "Sat, Nov 21"))


def missed() -> Report:
    """Two days ago three campaigns did not go."""
    return week_of_entries(
        *(make_entry(n, Status.SENT, send_at=NOW - timedelta(days=3 + n % 2, hours=-n % 9)) for n in range(1, 15)),
        *(make_entry(n, Status.HELD, issues=(LATE_HOLD,), zone=DENVER, send_at=LATE) for n in range(15, 17)),
        make_entry(18, provider_status_id=2, provider_status="Action Required", send_at=NOW - timedelta(days=2)),
        title="Week 47 of 2026",
    )


def cancelled() -> Report:
    """A person cancelled it, and it went out."""
    return week_of_entries(
        *(make_entry(n) for n in range(1, 15)),
        make_entry(21, Status.SENT, send_at=NOW - timedelta(hours=1), cancel_why="wrong price on the poster"),
    )


def drifted() -> Report:
    """It went out with a different text."""
    text = Finding(
        FindingKind.DRIFTED,
        'Message is "Northwind Dallas: 30% off everything until Sunday." at the provider, but was scheduled as '
        '"Northwind Dallas: 20% off everything until Sunday.": look at it in the dashboard',
        "drifted",
        5,
        "50005",
        "Black Friday",
        "Message",
        "Northwind Dallas: 20% off everything until Sunday.",
        "Northwind Dallas: 30% off everything until Sunday.",
        loud=True,
    )
    return week_of_entries(
        *(make_entry(n) for n in range(6, 15)),
        make_entry(5, Status.SENT, send_at=NOW - timedelta(hours=1), findings=(text,)),
        findings=(text,),
    )


def half_year() -> Report:
    """26 weeks."""
    times = [NOW - timedelta(weeks=25) + timedelta(days=n * 7 // 25, hours=n % 9) for n in range(660)]
    entries = tuple(
        make_entry(n, Status.SENT if send_at < NOW else Status.ACCEPTED, send_at=send_at)
        for n, send_at in enumerate(times, 1)
    )
    report = Report(
        "Since 2026-06-01",
        "week",
        NOW,
        CHICAGO,
        NEW_YORK,
        entries=entries,
        team="Northwind Retail",
        compared_at=NOW,
        credit_price=0.02,
    )
    trend = tuple(
        WeekFigures(
            f"2026-W{22 + n}",
            Figures(rows=24 + n % 5, sent=24 + n % 5, contacts=31_000 + 999 * (n % 7), needs_person=n % 4),
        )
        for n in range(26)
    )
    return replace(report, trend=trend)


WORLDS: dict[str, Callable[[], Report]] = {
    "fine": fine,
    "empty": empty,
    "first-ever": first_ever,
    "trouble": trouble,
    "mms-waiting": mms,
    "many": many,
    "missed": missed,
    "cancelled": cancelled,
    "drifted": drifted,
    "half-year": half_year,
}
