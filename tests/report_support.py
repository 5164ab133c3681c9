"""Reports made of plain records: a week of a retail chain, a report of any size, and texts that mean harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from batch.adapters.report import Figures, Previewed, Report, Skipped, WeekFigures, count
from batch.model import (
    Attempt,
    Batch,
    Campaign,
    Change,
    Checked,
    DeliveryCount,
    Entry,
    Finding,
    FindingKind,
    Header,
    Issue,
    Level,
    Parts,
    Row,
    Status,
)

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
"""A Monday, 9:30 in Chicago and 10:30 in New York."""
CHICAGO, NEW_YORK, DENVER = "America/Chicago", "America/New_York", "America/Denver"

STORES = (
    ("Dallas North Park", "Dallas", CHICAGO, 412),
    ("Austin Domain", "Austin", CHICAGO, 1203),
    ("Boston Back Bay", "Boston", NEW_YORK, 2240),
    ("Denver Cherry Creek", "Denver", DENVER, 880),
    ("Miami Brickell", "Miami", NEW_YORK, 1575),
)
HOLD = Issue(
    9, "D", "DateTime", "quiet-hours",
    "Fri, Nov 27, 2026, 9:30 PM (America/Denver) is in the quiet hours, 9:00 PM to 8:00 AM: choose a time outside them",
    Level.HOLD, "11/27/2026 9:30 PM",
)  # fmt: skip
WRONG_TIME = Issue(12, "D", "DateTime", "time-missing", '"11/28/2026" has no hour: write it as "11/28/2026 10:00 AM"')
SHORT = Issue(
    21, "", "", "credits-short",
    "it needs about 892 credits and 500 are left by then: buy credits, and it continues", Level.WARNING,
)  # fmt: skip
REFUSED = Issue(15, "", "Message", "provider", 'the provider says about Message: "Message is too long."')
APART = Issue(
    4, "", "ContactsCount", "expected-contacts-differ",
    "the provider counts 1,203 contacts, expected were 1,500: look at the group", Level.WARNING,
)  # fmt: skip

LATE = Finding(
    FindingKind.DRIFTED, "goes out an hour later than the sheet says: delete it and drop the row again",
    "drifted", 6, "50006", "Black Friday", "DateTime", "2026-11-27 10:00", "2026-11-27 11:00",
)  # fmt: skip


def make_entry(number: int, status: Status = Status.ACCEPTED, **changes: object) -> Entry:
    """Make one entry of the retail chain, scheduled unless said otherwise."""
    store, city, zone, contacts = STORES[number % len(STORES)]
    send_at = NOW + timedelta(days=number % 7, hours=1 + number % 9)
    there = status in {Status.ACCEPTED, Status.SENT, Status.MISSING}
    entry = Entry(
        id=number, batch=7, file="week48.xlsx", sheet="Campaigns", row=number + 1, key=f"row:{number}",
        fingerprint=f"{number:032x}", tag=f"{number:08d}", reference=f"R-{number:05d}",
        campaign_name=f"Black Friday {store} {number}", provider_name=f"Black Friday {store} {number} #{number:08d}",
        message=f"Northwind {city}: 20% off everything until Sunday. Show this text. Reply STOP to opt out.",
        group_ids=(str(100 + number % 5),), group_names=(f"{city} stores",), send_at=send_at,
        send_at_provider=send_at.strftime("%Y-%m-%d %H:%M:%S"), zone=zone, type_recipients=0, status=status,
        owner="maria@northwind.example", fields={"StoreName": store, "City": city, "Offer": "20%"}, parts=1,
        encoding="GSM-7", provider_id=str(50_000 + number) if there else "", contacts_count=contacts if there else None,
        provider_status_id=3 if there else None, provider_status="Approved and Scheduled" if there else "",
        attempts=1 if there else 0, submitted_by="dana", machine="ops-pc",
    )  # fmt: skip
    return replace(entry, **changes)  # type: ignore[arg-type]


def week_report(**changes: object) -> Report:
    """Make the report of a week in which some of everything happened."""
    entries = (
        *(make_entry(number) for number in range(1, 14) if number not in {3, 6, 8}),
        make_entry(3, issues=(APART,)),
        make_entry(6, findings=(LATE,)),
        make_entry(8, Status.HELD, issues=(HOLD,), send_at=NOW + timedelta(days=4, hours=13)),
        make_entry(14, Status.REJECTED, issues=(REFUSED,), attempts=1),
        make_entry(11_0, Status.INVALID, row=12, issues=(WRONG_TIME,), send_at=None),
        make_entry(16, Status.IN_DOUBT),
        make_entry(
            17, provider_status_id=2, provider_status="Action Required", send_at=NOW + timedelta(hours=6), parts=2
        ),
        make_entry(18, mms_template_id=10586, subject="Look inside"),
        make_entry(19, Status.PLANNED),
        make_entry(20, Status.WAITING, issues=(SHORT,)),
        make_entry(21, Status.SENT, send_at=NOW - timedelta(days=1, hours=2)),
        make_entry(22, Status.SENT, send_at=NOW - timedelta(days=2, hours=3), parts=3),
        make_entry(23, Status.MISSING),
        make_entry(24, Status.EXPIRED),
        make_entry(25, Status.REPLACED, replaced_by=13),
        make_entry(26, cancel_why="wrong price on the poster"),
    )
    trend = tuple(
        WeekFigures(f"2026-W{week}", Figures(scheduled=14 + week % 5, sent=week % 3, contacts=900 * (week % 7 + 8),
                                             needs_person=week % 4))
        for week in range(37, 48)
    )  # fmt: skip
    report = Report(
        title="Week 48", kind="week", made_at=NOW, zone=CHICAGO, provider_zone=NEW_YORK, team="Northwind Retail",
        batches=(Batch(7, "week48.xlsx", "Campaigns", NOW - timedelta(minutes=9), 29, 2, 1, "dana", "ops-pc", "done"),),
        entries=entries,
        skipped=(Skipped(7, 28, "Early bird", 4, "50004", "already scheduled as 50004"),
                 Skipped(7, 29, "Early bird two", 5, "50005", "already scheduled as 50005")),
        findings=(
            Finding(FindingKind.MATCHED, "agrees", entry=1),
            Finding(FindingKind.MISSING, 'Id 50023 is on neither list: somebody deleted it, or it never was there',
                    "missing", 23, "50023", "Black Friday", loud=True),
            LATE,
            Finding(FindingKind.UNEXPECTED, '"Flash sale" (Id 60001) was made in the dashboard', "made-elsewhere",
                    provider_id="60001", name="Flash sale"),
        ),
        attempts={number: (attempt_of(number),) for number in (1, 2, 14, 16, 17)},
        history={number: history_of(number) for number in range(1, 27)},
        deliveries={
            21: (DeliveryCount(2, "Delivered", 1160), DeliveryCount(3, "Failed", 31), DeliveryCount(9, "Optedout", 12)),
            22: (DeliveryCount(2, "Delivered", 2190), DeliveryCount(8, "Disconected", 41),
                 DeliveryCount(1, "Pending", 9)),
        },
        trend=trend, quiet_hours="21:00-08:00", blank=2, left_out=1,
        notes=("1 hidden row was left out: show it in the sheet if it should go",), credit_price=0.02,
    )  # fmt: skip
    report = replace(report, before=Figures(rows=22, scheduled=17, contacts=19_000, parts=19_500, credits=21_000,
                                            needs_person=3, reported=1000, delivered=960, failed=20, opted_out=8),
                     to_cancel=(entries[-1],))  # fmt: skip
    report = replace(report, trend=(*trend, WeekFigures("2026-W48", count(report))))
    return replace(report, **changes)  # type: ignore[arg-type]


def attempt_of(number: int) -> Attempt:
    """Make the one attempt of an entry."""
    return Attempt(
        1, NOW - timedelta(minutes=8), NOW - timedelta(minutes=8, seconds=-1), "ab" * 32, "accepted", 200,
        "the provider gave an Id", f'[{{"Id":"{50_000 + number}","Status_Id":3}}]',
    )  # fmt: skip


def history_of(number: int) -> tuple[Change, ...]:
    """Make a short history."""
    return (
        Change(NOW - timedelta(minutes=9), None, Status.PLANNED, "taken in", "dana"),
        Change(NOW - timedelta(minutes=8), Status.PLANNED, Status.SUBMITTING, "", "dana"),
        Change(NOW - timedelta(minutes=7), Status.SUBMITTING, Status.ACCEPTED, f"as {50_000 + number}", "dana"),
    )


def sample_report() -> Report:
    """Make the report of 25 rows with one attempt and a history each, as a run over the sample leaves it."""
    numbers = range(1, 26)
    entries = tuple(make_entry(n, Status.INVALID, issues=(WRONG_TIME,)) if n == 12 else make_entry(n) for n in numbers)
    return Report(
        "week48.xlsx", "batch", NOW, CHICAGO, NEW_YORK, entries=entries,
        batches=(Batch(7, "week48.xlsx", "Campaigns", NOW, 25, 0, 0, "dana", "ops-pc", "done"),),
        attempts={n: (attempt_of(n),) for n in numbers}, history={n: history_of(n) for n in numbers},
    )  # fmt: skip


def large_report(rows: int) -> Report:
    """Make a report of any size, one row in fifty held."""
    entries = tuple(
        make_entry(n, Status.HELD, issues=(HOLD,)) if n % 50 == 0 else make_entry(n) for n in range(1, rows + 1)
    )
    numbers = range(1, rows + 1)
    return Report(
        "large.xlsx", "batch", NOW, CHICAGO, NEW_YORK, entries=entries,
        attempts={n: (attempt_of(n),) for n in numbers}, history={n: history_of(n) for n in numbers},
    )  # fmt: skip


def previewed(number: int, message: str = "", name: str = "", issues: tuple[Issue, ...] = ()) -> Previewed:
    """Make one row of a preview, ready to go unless an issue is an error."""
    store, city, zone, contacts = STORES[number % len(STORES)]
    name = name or f"Black Friday {store}"
    message = message or f"Northwind {city}: 20% off until Sunday. Reply STOP to opt out."
    header = Header(1, ("CampaignName", "City"), {"CampaignName": 0, "City": 1})
    send_at = NOW + timedelta(days=1 + number % 3, hours=2)
    campaign = Campaign(
        number, name, message, (str(100 + number),), (f"{city} stores",), send_at, zone, 0,
        parts=Parts("GSM-7", len(message), 1), contacts=contacts,
    )  # fmt: skip
    bad = any(issue.level is Level.ERROR for issue in issues)
    row = Row(number, header, (name, city))
    checked = Checked(row, None if bad else campaign, issues, name=name, message=message, send_at=send_at)
    return Previewed(checked, {str(100 + number): contacts})


PAYLOADS = (
    "<script>window.hit=1</script>", "</script><script>window.hit=1</script>", "<img src=x onerror=window.hit=1>",
    '"><img src=x onerror=window.hit=1>', "'><svg onload=window.hit=1>", "<svg/onload=window.hit=1>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>", "<a href=javascript:window.hit=1>x</a>",
    "<body onload=window.hit=1>", "<details open ontoggle=window.hit=1>", "<input autofocus onfocus=window.hit=1>",
    "<video><source onerror=window.hit=1></video>", "<style>@import 'http://127.0.0.1:9/x'</style>",
    "</style><script>window.hit=1</script>", "<!--<script>window.hit=1</script>", "--><script>window.hit=1</script>",
    "]]><script>window.hit=1</script>", "<![CDATA[<script>window.hit=1</script>]]>", "{{ 7*7 }}", "{% raw %}",
    "${window.hit=1}", "`${window.hit=1}`", "\\u003cscript\\u003ewindow.hit=1\\u003c/script\\u003e",
    "&lt;script&gt;window.hit=1&lt;/script&gt;", "<math><mtext><img src=x onerror=window.hit=1>",
    "<object data=javascript:window.hit=1>", "<embed src=javascript:window.hit=1>", "<base href=http://127.0.0.1:9/>",
    "<meta http-equiv=refresh content=0;url=http://127.0.0.1:9/>", "<link rel=stylesheet href=http://127.0.0.1:9/>",
    "<form action=http://127.0.0.1:9/><button>go</button></form>", "<x onclick=window.hit=1>click</x>",
    "\"onmouseover=window.hit=1 x=\"", "'onfocus=window.hit=1 autofocus='", "<scr\x00ipt>window.hit=1</scr\x00ipt>",
    "\u2028window.hit=1\u2029", "=HYPERLINK(\"http://127.0.0.1:9\",\"x\")", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1+1)",
    "<textarea></textarea><script>window.hit=1</script>", "</title><script>window.hit=1</script>",
    "\ud800 half a pair", "\u202egnp.exe", "<template><script>window.hit=1</script></template>",
)  # fmt: skip
"""More than forty texts that would be markup, code or a formula somewhere."""


def hostile_report() -> Report:
    """Put every payload into every text of an entry, and into the rest of the report."""
    entries = tuple(hostile_entry(number, text) for number, text in enumerate(PAYLOADS, 1))
    first = PAYLOADS[1]
    return Report(
        title=first, kind="reconciliation", made_at=NOW, zone=CHICAGO, provider_zone=NEW_YORK, team=first,
        batches=tuple(Batch(7, t, t, NOW, 1, 0, 0, t, t, t, t, t) for t in PAYLOADS),
        entries=entries,
        skipped=tuple(Skipped(7, 90, text, 1, text, text) for text in PAYLOADS),
        findings=tuple(Finding(FindingKind.DRIFTED, t, t, None, t, t, t, t, t, loud=True) for t in PAYLOADS),
        attempts={n: (Attempt(1, NOW, NOW, t, t, 200, t, t),) for n, t in enumerate(PAYLOADS, 1)},
        history={n: (Change(NOW, None, Status.HELD, t, t, t),) for n, t in enumerate(PAYLOADS, 1)},
        deliveries={n: (DeliveryCount(99, t, 1),) for n, t in enumerate(PAYLOADS, 1)},
        trend=(WeekFigures(first, Figures(scheduled=1)), WeekFigures(first, Figures(scheduled=2))),
        notes=PAYLOADS, stopped=first, paused=first, to_cancel=entries[:45],
    )  # fmt: skip


def hostile_entry(number: int, text: str) -> Entry:
    """Make an entry whose every text is the payload."""
    status = (Status.ACCEPTED, Status.HELD, Status.INVALID, Status.REJECTED)[number % 4]
    return make_entry(
        number, status, file=text, sheet=text, key=text, reference=text, campaign_name=text, provider_name=text,
        message=text, group_ids=(text,), group_names=(text,), send_at_provider=text, subject=text, owner=text,
        purpose=text, fields={text: text}, provider_id=text, provider_status=text, provider_status_id=2,
        contacts_count=number, issues=(Issue(number + 1, "C", text, "code", text, Level.ERROR, text),),
        submitted_by=text, machine=text, approved_by=text, cancel_why=text,
    )  # fmt: skip
