"""The pages in a real browser: search, filter, sort, detail, keyboard, paper, policy, hostile texts, accessibility."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from report_support import (
    CHICAGO,
    HOLD,
    LATE,
    NEW_YORK,
    NOW,
    PAYLOADS,
    WRONG_TIME,
    attempt_of,
    history_of,
    hostile_entry,
    hostile_report,
    large_report,
    make_entry,
    previewed,
    week_report,
)

from batch.adapters.report import Report, mail_html, write_evidence, write_html, write_preview, write_status
from batch.model import Batch, Status

pytestmark = [pytest.mark.proof, pytest.mark.browser]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str:
    """Find the system's Chromium; on CI it must be there."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), "")
    if not path:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine, and CI must test the pages: apt-get install chromium")
        pytest.skip("no Chromium on this machine")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start the system's Chromium once."""
    path = chromium_path()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


class Seen:
    """A page as opened by a double click, and everything that it complained about or asked for."""

    def __init__(self, browser: Any, path: Path, **settings: Any) -> None:
        self.context = browser.new_context(accept_downloads=True, **settings)
        self.page = self.context.new_page()
        self.trouble: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.trouble.append(dialog.message))
        self.page.goto(path.as_uri())

    def names(self) -> list[str]:
        """Give the campaigns that the table shows."""
        return [name.strip() for name in self.page.locator("#body .c-name").all_inner_texts()]

    def close(self) -> None:
        """Close it."""
        self.context.close()


@pytest.fixture
def see(browser: Any) -> Iterator[Any]:
    """Open pages, and close them at the end."""
    opened: list[Seen] = []

    def open_page(path: Path, **settings: Any) -> Seen:
        opened.append(Seen(browser, path, **settings))
        return opened[-1]

    yield open_page
    for seen in opened:
        seen.close()


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the week's report once."""
    return write_html(week_report(), tmp_path_factory.mktemp("week") / "week.html")


def test_the_search_finds_every_word_anywhere_in_a_row(see: Any, week: Path) -> None:
    """Store, city, text and Id are searched, all words must be there, and Escape clears."""
    seen = see(week)
    search = seen.page.get_by_role("searchbox")
    search.fill("boston 50012")
    assert seen.names() == ["Black Friday Boston Back Bay 12"]
    assert seen.page.locator("#found").inner_text() == "1 of 28 rows"
    search.fill("<no such thing>")
    assert seen.names() == []
    search.press("Escape")
    assert len(seen.names()) == 28
    assert seen.trouble == []


def test_a_phrase_finds_what_stands_together(see: Any, week: Path) -> None:
    """`Nov 24` finds that day and not every row with a November and a 24; attempts and history only when asked."""
    seen = see(week)
    search = seen.page.get_by_role("searchbox")
    search.fill("nov 24")
    shown = seen.page.locator("#body tr:not(.detail) .c-when").all_inner_texts()
    assert shown
    assert all("Nov 24" in one for one in shown)
    search.fill("hash-of-nothing")
    assert seen.names() == []


def test_a_task_links_to_its_rows_and_back(see: Any, week: Path) -> None:
    """The address holds the filter, so that a link shows the same rows; all rows are one click away."""
    seen = see(week)
    link = seen.page.locator(".task .who a").first
    number = int(link.inner_text().split()[0])
    link.click()
    assert len(seen.names()) == number
    assert "cause=" in seen.page.url
    seen.page.get_by_role("button", name="show all rows").click()
    assert len(seen.names()) == 28
    seen.page.goto(f"{week.as_uri()}#row-9")
    assert "Black Friday Denver Cherry Creek 8" in seen.page.locator("tr.has-detail").inner_text()
    seen.page.get_by_role("link", name="back to what to do").click()
    card = seen.page.locator("#task-8-9")
    assert card.is_visible()
    card.get_by_role("link").click()
    assert seen.page.url.endswith("#entry-8")
    again = see(week)
    again.page.goto(f"{week.as_uri()}#status=held&owner=maria%40northwind.example")
    assert len(again.names()) == 1
    assert (seen.trouble, again.trouble) == ([], [])


def test_one_row_is_one_row(see: Any, tmp_path: Path) -> None:
    """In the sum, beside the search and behind the batch."""
    batch = Batch(1, "week.csv", "", NOW, 1, 1, 0, "dana", "ops-pc", "done")
    report = Report("Batch 1", "batch", NOW, CHICAGO, NEW_YORK, entries=(make_entry(1),), batches=(batch,), blank=1)
    seen = see(write_html(report, tmp_path / "batch.html"))
    assert "1 row =" in seen.page.locator(".sum").inner_text()
    assert seen.page.locator("#found").inner_text() == "1 row"
    assert not re.search(r"(?<![\d,])1 (rows|campaigns)", seen.page.locator("body").inner_text())
    assert "1 blank row)" in seen.page.locator(".sum").inner_text()


def test_the_address_shows_the_same_rows_again(see: Any, tmp_path: Path) -> None:
    """A chip of one status beside another one of it, and a task beside another one of its status and cause."""
    entries = (
        make_entry(1, findings=(), issues=()),
        make_entry(2, Status.INVALID, issues=(WRONG_TIME,), send_at=None),
        make_entry(3, Status.INVALID, issues=(WRONG_TIME,)),
        make_entry(4, Status.INVALID, issues=(WRONG_TIME,)),
        make_entry(6, findings=(LATE,)),
    )
    page = write_html(Report("Week 48", "week", NOW, CHICAGO, NEW_YORK, entries=entries), tmp_path / "week.html")
    seen = see(page)
    for chip in seen.page.locator("[data-standing=scheduled]").all():
        chip.click()
        assert len(seen.names()) == 1
        again = see(page)
        again.page.goto(seen.page.url)
        assert again.names() == seen.names()
        seen.page.locator("[data-all]").click()
    links = seen.page.locator(".task > .who a").all()
    assert sorted(link.inner_text() for link in links) == ["1 row", "1 row", "2 rows"]
    for link in links:
        link.click()
        assert len(seen.names()) == int(link.inner_text().split()[0])
        again = see(page)
        again.page.goto(seen.page.url)
        assert again.names() == seen.names()


def test_the_chips_filter_by_status(see: Any, week: Path) -> None:
    """Several statuses at once, what needs attention, and back to all; the number on each is the number of rows."""
    seen = see(week)
    chip = seen.page.locator("[data-standing=sent]")
    chip.click()
    assert len(seen.names()) == 2 == int(chip.locator("b").inner_text())
    assert chip.get_attribute("aria-pressed") == "true"
    seen.page.locator("[data-standing=held]").click()
    assert len(seen.names()) == 3
    seen.page.locator("[data-all]").click()
    seen.page.locator("[data-needs]").click()
    assert len(seen.names()) == 11
    seen.page.locator("[data-needs]").click()
    assert len(seen.names()) == 28


def test_a_click_on_a_heading_sorts(see: Any, week: Path) -> None:
    """Up, then down, numbers as numbers, times as times, empty ones last both ways."""
    seen = see(week)
    for title, key in (("Texts", "contacts"), ("Row", "row")):
        button = seen.page.get_by_role("button", name=title, exact=True)
        button.click()
        texts = [text.replace(",", "") for text in seen.page.locator(f"#body .c-{key}").all_inner_texts()]
        numbers = [int(text) for text in texts if text]
        assert numbers == sorted(numbers)
        assert texts[: len(numbers)] == [str(number) for number in numbers]
        button.click()
        assert int(seen.page.locator(f"#body .c-{key}").first.inner_text().replace(",", "")) == max(numbers)
        assert seen.page.locator(f"th.c-{key}").get_attribute("aria-sort") == "descending"
    seen.page.get_by_role("button", name="Goes out", exact=True).click()
    assert seen.names()[0] == "Black Friday Boston Back Bay 22"


def test_the_detail_tells_message_attempts_history_and_answer(see: Any, week: Path) -> None:
    """It opens and closes with the keyboard alone."""
    seen = see(week)
    button = seen.page.get_by_role("button", name="Black Friday Boston Back Bay 17")
    button.focus()
    seen.page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    detail = seen.page.locator("#body .detail").inner_text()
    for words in ("Reply STOP", "Action Required", '"Id":"50017"', "will be submitted", "Attempts", "History"):
        assert words in detail
    seen.page.keyboard.press("Enter")
    assert seen.page.locator("#body .detail").count() == 0


def test_everything_can_be_reached_with_the_keyboard(see: Any, week: Path) -> None:
    """Tab goes over the link to the content, the search, the chips and the headings; each shows where it is."""
    seen = see(week)
    reached = []
    for _ in range(60):
        seen.page.keyboard.press("Tab")
        reached.append(
            seen.page.evaluate(
                "[document.activeElement.className || document.activeElement.id,"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
        )
    names = {name for name, _ in reached}
    assert {"skip", "search", "chip ", "open"} <= {name if not name.startswith("chip") else "chip " for name in names}
    assert all(outline == "solid" for name, outline in reached if name in {"skip", "search", "open"})


def test_copy_and_csv_take_what_is_filtered(see: Any, week: Path) -> None:
    """The file holds the rows that are shown, and no formula."""
    seen = see(week, permissions=["clipboard-read", "clipboard-write"])
    seen.page.get_by_role("searchbox").fill("sent")
    seen.page.locator("[data-standing=sent]").click()
    with seen.page.expect_download() as got:
        seen.page.get_by_role("button", name="save as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(got.value.path()).read_text("utf-8-sig"))))
    assert [row["status"] for row in rows] == ["sent", "sent"]
    seen.page.get_by_role("button", name="copy").click()
    seen.page.wait_for_function("document.getElementById('found').textContent.includes('copied')")
    assert seen.page.evaluate("navigator.clipboard.readText()").count("\n") == 2


def test_nothing_is_asked_for_and_nothing_complains(see: Any, week: Path, tmp_path: Path) -> None:
    """One file, no request but its own, no error in the console, on every kind of page."""
    entries = week_report().entries
    pages = [
        week,
        write_status(entries, tmp_path / "s.html", made_at=NOW, zone=CHICAGO, deliveries=week_report().deliveries),
        write_preview([previewed(2)], tmp_path / "p.html", title="t", zone=CHICAGO, provider_zone=NEW_YORK),
        evidence(tmp_path / "e.html"),
    ]
    for path in pages:
        seen = see(path)
        assert seen.requests == [path.as_uri()]
        assert seen.trouble == []


def evidence(path: Path) -> Path:
    """Write an evidence page."""
    return write_evidence(
        make_entry(21, Status.SENT), (attempt_of(21),), history_of(21), path,
        made_at=NOW, zone=CHICAGO, provider_zone=NEW_YORK,
    )  # fmt: skip


def test_the_policy_holds(see: Any, week: Path) -> None:
    """Neither a script, a style nor a picture from elsewhere gets in, even if somebody planted it."""
    seen = see(week)
    seen.page.evaluate(
        """() => {
          const script = document.createElement('script'); script.textContent = 'window.hit = 1';
          const style = document.createElement('style'); style.textContent = 'body{outline:7px solid red}';
          const picture = document.createElement('img'); picture.src = 'http://127.0.0.1:9/x.png';
          document.body.append(script, style, picture);
        }"""
    )
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate("window.hit") is None
    assert seen.page.evaluate("getComputedStyle(document.body).outlineWidth") != "7px"
    assert len([line for line in seen.trouble if "Content Security Policy" in line]) >= 2


def test_forty_payloads_in_every_field_stay_texts(see: Any, tmp_path: Path) -> None:
    """Nothing runs, nothing loads, no element comes into being; each is there to be read."""
    assert len(PAYLOADS) >= 40
    report = hostile_report()
    mail = tmp_path / "mail.html"
    mail.write_bytes(mail_html(report).encode("utf-8", "replace"))
    pages = [
        write_html(report, tmp_path / "r.html"),
        write_status(report.entries, tmp_path / "s.html", made_at=NOW, zone=CHICAGO, paused=PAYLOADS[0]),
        write_preview(
            [previewed(n, text, text) for n, text in enumerate(PAYLOADS, 2)], tmp_path / "p.html", title=PAYLOADS[0],
            zone=CHICAGO, provider_zone=NEW_YORK, notes=PAYLOADS, team=PAYLOADS[1],
        ),
        write_evidence(
            hostile_entry(2, PAYLOADS[1]), report.attempts[2], report.history[2], tmp_path / "e.html", made_at=NOW,
            zone=CHICAGO, provider_zone=NEW_YORK, checks=PAYLOADS, batch=report.batches[1],
        ),
        mail,
    ]  # fmt: skip
    for path in pages:
        seen = see(path)
        for button in seen.page.locator(".open").all()[:12]:
            button.click()
        assert seen.page.evaluate("window.hit") is None, path
        assert seen.requests == [path.as_uri()]
        assert seen.trouble == []
        foreign = (
            "iframe,object,embed,video,math,base,link,form,template,[onerror],[onload],[onclick],[onfocus],body img"
        )
        assert seen.page.locator(foreign).count() == 0
        assert PAYLOADS[2] in seen.page.inner_text("body") or path.name == "e.html"


def test_it_prints_on_letter_and_a4(see: Any, week: Path) -> None:
    """Every row is on paper, and the search and the buttons are not."""
    seen = see(week)
    for paper in ("Letter", "A4"):
        assert seen.page.pdf(format=paper, print_background=True).startswith(b"%PDF")
    seen.page.emulate_media(media="print")
    assert not seen.page.locator("#tools").is_visible()
    assert seen.page.locator("#body tr:visible").count() == 28
    assert seen.page.evaluate("getComputedStyle(document.querySelector('#body tr')).breakInside") == "avoid"


def test_paper_has_everything_and_its_page_numbers(week: Path, tmp_path: Path) -> None:
    """As Chromium prints it: the reason in the table, tasks unfolded, page x of y, no heading alone at a foot."""
    paper = tmp_path / "week.pdf"
    command = [chromium_path(), "--headless", *FLAGS, "--no-pdf-header-footer", f"--user-data-dir={tmp_path / 'home'}"]
    subprocess.run([*command, f"--print-to-pdf={paper}", week.as_uri()], check=True, capture_output=True)
    plain, text = (
        subprocess.run(["pdftotext", *layout, paper, "-"], check=True, capture_output=True, text=True).stdout
        for layout in ([], ["-layout"])
    )
    pages = [[line.strip() for line in page.splitlines() if line.strip()] for page in text.split("\f")[:-1]]
    assert [page[-1] for page in pages] == [f"page {n} of {len(pages)}" for n in range(1, len(pages) + 1)]
    table = " ".join(plain[plain.index("All rows") :].split())
    for words in ("Why", "Black Friday", "9:00 PM to 8:00", "its time passed", "has no"):
        assert words in table
    headings = ("What to do", "Also open", "Delete in the dashboard", "In pictures", "Compared with", "All rows")
    assert not [page[-2] for page in pages if page[-2].startswith(headings)]


def test_printing_takes_the_rows_that_are_not_drawn_yet(see: Any, tmp_path: Path) -> None:
    """The table draws a hundred at a time; before printing it draws up to two thousand."""
    seen = see(write_html(large_report(450), tmp_path / "l.html"))
    assert len(seen.names()) == 100
    seen.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert len(seen.names()) == 450


def test_without_a_script_every_row_and_detail_can_be_read(see: Any, week: Path) -> None:
    """The table is in the page; the tools that need a script do not show."""
    seen = see(week, java_script_enabled=False)
    assert not seen.page.locator("#tools").is_visible()
    assert len(seen.names()) == 28
    seen.page.locator(".detail summary").first.click()
    assert seen.page.locator(".detail .bubble").first.is_visible()


def test_ten_thousand_rows_filter_in_slices(see: Any, tmp_path: Path) -> None:
    """Whatever the search finds, only a hundred rows are drawn at a time, and more on demand."""
    page = write_html(large_report(10_000), tmp_path / "l.html")
    assert page.stat().st_size < 3_000_000
    seen = see(page)
    seen.page.locator("#tools").wait_for()
    assert len(seen.names()) == 100
    seen.page.get_by_role("searchbox").fill("dallas")
    assert seen.page.locator("#found").inner_text() == "2,000 of 10,000 rows"
    seen.page.locator("#next").click()
    assert len(seen.names()) == 200


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_no_page_is_wider_than_the_screen(see: Any, week: Path, tmp_path: Path, width: int) -> None:
    """Nobody has to scroll sideways, on a desktop, a tablet or a phone."""
    entries = week_report().entries
    status = write_status(entries, tmp_path / "s.html", made_at=NOW, zone=CHICAGO)
    mail = tmp_path / "mail.html"
    mail.write_text(mail_html(week_report()), "utf-8")
    for path in (week, status, mail, evidence(tmp_path / "e.html")):
        seen = see(path, viewport={"width": width, "height": 800})
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "lines"), [(1280, 2), (1024, 2), (768, 4)])
def test_a_status_has_room_beside_long_names(see: Any, tmp_path: Path, width: int, lines: int) -> None:
    """Long campaigns and many groups take lines, not the words that say how a row stands."""
    groups = tuple(f"{city} stores, loyalty members of {year}" for city in ("Dallas", "Denver") for year in range(4))
    name = "Black Friday early access for loyalty members, Dallas North Park Center"
    entries = [
        make_entry(number, status, campaign_name=name, group_names=groups, group_ids=groups, **changes)
        for number, (status, changes) in enumerate([
            (Status.ACCEPTED, {"cancel_why": "wrong price"}), (Status.MISSING, {}), (Status.HELD, {"issues": (HOLD,)}),
            (Status.SENT, {"cancel_why": "wrong price"}), (Status.ACCEPTED, {"provider_status_id": 1}),
        ], 1)
    ]  # fmt: skip
    report = replace(week_report(), entries=tuple(entries))
    status = write_status(entries, tmp_path / "s.html", made_at=NOW, zone=CHICAGO)
    for path in (write_html(report, tmp_path / "r.html"), status):
        seen = see(path, viewport={"width": width, "height": 800})
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        height = "Math.max(...[...document.querySelectorAll('#body .badge')].map((one) => one.clientHeight))"
        line = "parseFloat(getComputedStyle(document.querySelector('#body .badge')).lineHeight)"
        assert seen.page.evaluate(f"{height} / {line}") < lines + 0.5


def test_long_words_wrap_on_a_phone(see: Any, tmp_path: Path) -> None:
    """A name, a group, an address or a cell without a blank pushes no page wider than the screen."""
    word = "Northwindaustindomaincherrycreek" * 8
    entries = tuple(
        make_entry(
            number, status, campaign_name=word, provider_name=word, owner=f"{word}@example.com", group_names=(word,),
            message=word, fields={word: word}, provider_id=word[:40], cancel_why=word if number == 3 else "",
            issues=(replace(HOLD, message=word),), provider_status=word,
        )
        for number, status in ((1, Status.HELD), (2, Status.ACCEPTED), (3, Status.ACCEPTED), (4, Status.INVALID))
    )  # fmt: skip
    report = replace(week_report(), title=word, team=word, entries=entries, to_cancel=entries[2:3], notes=(word,))
    mail = tmp_path / "mail.html"
    mail.write_text(mail_html(report, short=True, lines=(word,)), "utf-8")
    pages = [
        write_html(report, tmp_path / "r.html"),
        write_status(entries, tmp_path / "s.html", made_at=NOW, zone=CHICAGO, team=word, paused=word),
        write_preview(
            [previewed(2, word, word)], tmp_path / "p.html", title=word, zone=CHICAGO, provider_zone=NEW_YORK
        ),
        mail,
    ]
    for path in pages:
        seen = see(path, viewport={"width": 390, "height": 844})
        for button in seen.page.locator(".open").all():
            button.click()
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390, path.name


def test_a_managers_mail_is_one_screen_of_a_phone(see: Any, tmp_path: Path) -> None:
    """Verdict, five causes, what goes next, the button and the totals, with nothing to scroll."""
    mail = tmp_path / "mail.html"
    mail.write_text(mail_html(week_report(), commands=False, url="https://reports.example/week-48.html"), "utf-8")
    seen = see(mail, viewport={"width": 390, "height": 844})
    assert seen.page.evaluate("document.documentElement.scrollHeight") <= 844


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_violation(see: Any, week: Path, tmp_path: Path, scheme: str) -> None:
    """WCAG 2.2 A and AA by axe-core, in light and dark, on every kind of page, with a detail open."""
    from axe_playwright_python.sync_playwright import Axe

    entries = [make_entry(n, send_at=NOW + timedelta(hours=n)) for n in range(1, 9)]
    items = [previewed(2), previewed(3, issues=(HOLD,)), previewed(4, "it’s", issues=(WRONG_TIME,))]
    pages = [
        week,
        write_status(entries, tmp_path / "s.html", made_at=NOW, zone=CHICAGO, paused="by dana"),
        write_preview(items, tmp_path / "p.html", title="t", zone=CHICAGO, provider_zone=NEW_YORK, notes=("a note",)),
        evidence(tmp_path / "e.html"),
    ]
    for path in pages:
        seen = see(path, color_scheme=scheme, bypass_csp=True)
        if seen.page.locator(".open").count():
            seen.page.locator(".open").first.click()
        found = Axe().run(seen.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}).response
        serious = [
            (item["id"], [node["html"][:120] for node in item["nodes"]][:3])
            for item in found["violations"]
            if item["impact"] in {"serious", "critical"}
        ]
        assert serious == [], path.name


def test_the_preview_is_searched_in_the_browser(see: Any, tmp_path: Path) -> None:
    """By words of the text, the store or the trouble, and by how bad it is."""
    items = [previewed(2), previewed(3, issues=(HOLD,)), previewed(4, issues=(WRONG_TIME,))]
    seen = see(write_preview(items, tmp_path / "p.html", title="t", zone=CHICAGO, provider_zone=NEW_YORK))
    seen.page.get_by_role("searchbox").fill("quiet hours")
    assert seen.page.locator(".phone:visible").count() == 1
    seen.page.get_by_role("searchbox").fill("")
    seen.page.locator("button[data-tone=bad]").click()
    assert seen.page.locator(".phone:visible h3").inner_text() == "Black Friday Miami Brickell row 4"
    assert seen.page.locator("#found").inner_text() == "1 of 3 rows"
