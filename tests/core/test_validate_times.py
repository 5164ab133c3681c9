"""A send time is one instant, or the row says why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from validate_support import NOW, check, codes, make_row, the_issue

from batch.core.validate import Rules, check_all, find_zone, parse_send_time, zones
from batch.model import Level

AT = datetime(2026, 3, 4, 14, 30)  # noqa: DTZ001 - as a cell holds it


@pytest.mark.parametrize(
    ("text", "order", "wanted"),
    [
        ("2026-03-04 14:30", "iso", AT),
        ("2026-03-04T14:30", "month", AT),
        ("2026-03-04 14:30:00", "month", AT),
        ("2026-03-04t14:30:59", "month", AT.replace(second=59)),
        ("2026-3-4 2:30 PM", "day", AT),
        ("2026/03/04 14:30", "iso", AT),
        ("3/4/2026 2:30 PM", "month", AT),
        ("03/04/2026 2:30pm", "month", AT),
        ("3/4/2026, 2:30 p.m.", "month", AT),
        ("4/3/2026 14:30", "day", AT),
        ("04.03.2026 14:30", "day", AT),
        ("4-3-2026 14:30", "day", AT),
        ("3/13/2026 2 PM", "iso", datetime(2026, 3, 13, 14)),  # noqa: DTZ001
        ("13/3/2026 2 PM", "iso", datetime(2026, 3, 13, 14)),  # noqa: DTZ001
        ("3/3/2026 14:00", "iso", datetime(2026, 3, 3, 14)),  # noqa: DTZ001
        ("Mar 4, 2026 2:30 PM", "month", AT),
        ("Mar 4, 2026 2:30\u202fPM", "day", AT),
        ("March 4th 2026, 14:30", "iso", AT),
        ("Wednesday, March 4, 2026 at 2:30 PM", "month", AT),
        ("Wed, 4 Mar 2026 14:30:00", "month", AT),
        ("4-Mar-2026 14:30", "month", AT),
        ("4. 3. 2026 14:30".replace(". ", "."), "day", AT),
        ("3/4/2026\u00a02:30\u202fp.m.", "month", AT),
        ("2026-03-04 12:05 AM", "month", datetime(2026, 3, 4, 0, 5)),  # noqa: DTZ001
        ("2026-03-04 12:05 PM", "month", datetime(2026, 3, 4, 12, 5)),  # noqa: DTZ001
        ("2026-03-04 00:00", "month", datetime(2026, 3, 4)),  # noqa: DTZ001
        ("2026-03-04 14:29:59.999", "month", AT),
        ("2026-03-04 23:59:59.9", "month", datetime(2026, 3, 5)),  # noqa: DTZ001
    ],
)
def test_the_forms_of_a_time_are_read(text: str, order: str, wanted: datetime) -> None:
    """ISO, with a T, month first or day first as agreed, on 12 or 24 hours; fractions are rounded."""
    assert parse_send_time(text, order) == (wanted, None)


@pytest.mark.parametrize(
    ("text", "order", "code"),
    [
        ("", "month", "time-empty"),
        ("   ", "month", "time-empty"),
        ("2026-03-04", "month", "time-missing"),
        ("3/4/2026", "month", "time-missing"),
        ("13/3/2026", "iso", "time-missing"),
        ("3/4/2026", "iso", "date-order-unclear"),
        ("3/4/2026 14:30", "iso", "date-order-unclear"),
        ("13/3/2026 14:30", "month", "time-unreadable"),
        ("03.12.2026 14:30", "month", "date-order-unclear"),
        ("27.11.2026 14:30", "month", "date-order-unclear"),
        ("03.12.2026 14:30", "iso", "date-order-unclear"),
        ("Mar 4, 2026", "month", "time-missing"),
        ("Thu, Mar 4, 2026 2:30 PM", "month", "time-unreadable"),
        ("Feb 30, 2026 2:30 PM", "month", "time-unreadable"),
        ("Mar 4 2:30 PM", "month", "time-unreadable"),
        ("Mai 4, 2026 2:30 PM", "month", "time-unreadable"),
        ("3/13/2026 14:30", "day", "time-unreadable"),
        ("31/31/2026 14:30", "month", "time-unreadable"),
        ("2026-02-29 14:30", "month", "time-unreadable"),
        ("2026-13-01 14:30", "month", "time-unreadable"),
        ("0026-01-01 14:30", "month", "time-unreadable"),
        ("9999-12-31 23:59", "month", "time-unreadable"),
        ("3/4/26 14:30", "month", "time-unreadable"),
        ("2026-03-04 24:00", "month", "time-unreadable"),
        ("2026-03-04 14:60", "month", "time-unreadable"),
        ("2026-03-04 14:30 PM", "month", "time-unreadable"),
        ("2026-03-04 0:30 AM", "month", "time-unreadable"),
        ("2026-03-04 14", "month", "time-unreadable"),
        ("2026-03/04 14:30", "month", "time-unreadable"),
        ("tomorrow", "month", "time-unreadable"),
        ("46085.6", "month", "time-unreadable"),
        ("2026-03-04T14:30Z", "month", "time-unreadable"),
        ("2026-03-04T14:30+01:00", "month", "time-unreadable"),
        ("٢٠٢٦-03-04 14:30", "month", "time-unreadable"),
    ],
)
def test_what_is_no_time_is_refused_with_its_reason(text: str, order: str, code: str) -> None:
    """Nothing is guessed."""
    moment, trouble = parse_send_time(text, order)
    assert moment is None
    assert trouble is not None
    assert trouble.code == code


def test_an_unclear_date_shows_both_readings() -> None:
    """The person sees what each would mean, and both ways out."""
    _, trouble = parse_send_time("3/4/2026 9:00", "iso")
    assert trouble is not None
    assert "04 March 2026" in trouble.words
    assert "03 April 2026" in trouble.words
    assert "date_order" in trouble.words


def test_a_time_with_its_own_zone_is_sent_to_the_column() -> None:
    """An offset in the cell would contradict TimeZone."""
    _, trouble = parse_send_time("2026-03-04T14:30Z", "month")
    assert trouble is not None
    assert "TimeZone" in trouble.words


@given(st.text(max_size=40), st.sampled_from(["month", "day", "iso"]))
def test_any_text_is_a_time_or_has_a_reason(text: str, order: str) -> None:
    """Never both, never neither, never a traceback."""
    moment, trouble = parse_send_time(text, order)
    assert (moment is None) != (trouble is None)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2199, 12, 31)))  # noqa: DTZ001
def test_a_time_that_was_written_is_read_back(moment: datetime) -> None:
    """In each of the forms."""
    moment = moment.replace(microsecond=0)
    for text, order in (
        (f"{moment:%Y-%m-%d %H:%M:%S}", "iso"),
        (f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p}", "month"),
        (f"{moment.day}/{moment.month}/{moment.year} {moment:%H:%M:%S}", "day"),
    ):
        assert parse_send_time(text, order) == (moment, None)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"DateTime": datetime(2026, 2, 5, 14, 30)}, ""),  # noqa: DTZ001
        ({"DateTime": datetime(2026, 2, 5, 14, 29, 59, 999_600)}, ""),  # noqa: DTZ001
        ({"DateTime": date(2026, 2, 5)}, "time-missing"),
        ({"DateTime": time(14, 30)}, "time-unreadable"),
        ({"DateTime": ""}, "time-empty"),
        ({"DateTime": None, "Date": "2026-02-05", "Time": "14:30"}, ""),
        ({"DateTime": None, "Date": date(2026, 2, 5), "Time": time(14, 30)}, ""),
        ({"DateTime": None, "Date": datetime(2026, 2, 5), "Time": datetime(1899, 12, 30, 14, 30)}, ""),  # noqa: DTZ001
        ({"DateTime": None, "Date": "2/5/2026", "Time": "2:30 PM"}, ""),
        ({"DateTime": "", "Date": "2/5/2026", "Time": "2:30 PM"}, ""),
        ({"DateTime": None, "Date": "2026-02-05 00:00", "Time": "14:30"}, ""),
        ({"DateTime": None, "Date": "", "Time": "14:30"}, "time-empty"),
        ({"DateTime": None, "Date": "", "Time": ""}, "time-empty"),
        ({"DateTime": None, "Date": "2026-02-05", "Time": ""}, "time-missing"),
        ({"DateTime": None, "Date": "2026-02-05 9:00", "Time": "14:30"}, "time-unreadable"),
        ({"DateTime": None, "Date": datetime(2026, 2, 5, 9), "Time": "14:30"}, "time-unreadable"),  # noqa: DTZ001
        ({"DateTime": None, "Date": time(9), "Time": "14:30"}, "time-unreadable"),
        ({"DateTime": None, "Date": "2026-02-05", "Time": "noon"}, "time-unreadable"),
        ({"DateTime": None, "Date": "soon", "Time": "14:30"}, "time-unreadable"),
        ({"DateTime": None, "Date": "2026-02-05", "Time": date(2026, 2, 5)}, "time-unreadable"),
    ],
)
def test_real_cells_and_two_columns_make_one_time(cells: dict[str, Any], code: str) -> None:
    """A real date, or Date and Time together; a bare date never means midnight."""
    checked = check(cells)
    assert [issue.code for issue in checked.issues] == ([code] if code else [])
    if not code:
        assert checked.send_at == datetime(2026, 2, 5, 19, 30, tzinfo=UTC)


def test_a_midnight_somebody_typed_into_the_time_column_is_a_time() -> None:
    """It is held for the quiet hours, which ask whether it was forgotten."""
    checked = check({"DateTime": None, "Date": date(2026, 2, 5), "Time": time(0)})
    assert "midnight" in the_issue(checked, "quiet-hours").message


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("ET", "America/New_York"),
        ("est", "America/New_York"),
        ("EDT", "America/New_York"),
        ("Eastern Time", "America/New_York"),
        ("Eastern Standard Time", "America/New_York"),
        ("US/Central", "America/Chicago"),
        ("CST", "America/Chicago"),
        ("MT", "America/Denver"),
        ("pdt", "America/Los_Angeles"),
        ("AKT", "America/Anchorage"),
        ("HST", "Pacific/Honolulu"),
        ("america/chicago", "America/Chicago"),
        ("America/New York", "America/New_York"),
        ("UTC", "UTC"),
        ("Europe/London", "Europe/London"),
    ],
)
def test_zones_go_by_the_names_that_people_use(text: str, zone: str) -> None:
    """The US short names are US zones, whatever IANA's `EST` means."""
    found = find_zone(text)
    assert found is not None
    assert found.key == zone


@pytest.mark.parametrize("text", ["America/Chicago", "America/New York", "ET", "UTC"])
def test_the_usual_zones_are_found_without_a_look_at_all(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The list of all zones is a file each: no sheet of the usual ones asks for it."""
    monkeypatch.setattr(zones, "_zones_by_fold", None)
    assert find_zone.__wrapped__(text) is not None


def test_every_usual_zone_is_there() -> None:
    """By the very name that the system has for it."""
    assert set(zones._COMMON_ZONES) <= available_timezones()


@pytest.mark.parametrize(
    "text", ["Mars", "America", "../etc/passwd", "/etc/localtime", "BST", "+5", "\x00", "localtime"]
)
def test_what_is_no_zone_is_not_taken_for_one(text: str) -> None:
    """No path, no folder, no guess."""
    assert find_zone(text) is None
    assert codes({"TimeZone": text}) == ["zone-unknown"]


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("UTC+5", "Asia/Karachi or Asia/Tashkent"),
        ("+5:30", "Asia/Kolkata"),
        ("GMT-05:00", "America/New_York or America/Chicago"),
        ("\u22120600", "America/Chicago or America/Denver"),
        ("UTC+1", "Europe/London or Europe/Paris"),
        ("UTC-13", "America/Chicago"),
    ],
)
def test_an_offset_is_named_as_one_with_the_zones_that_have_it(text: str, zones: str) -> None:
    """No neighbor is guessed: UTC+5 is not UTC."""
    message = the_issue(check({"TimeZone": text}), "zone-unknown").message
    assert "is an offset from UTC, not a time zone" in message
    assert f"like {zones}" in message
    assert "did you mean" not in message


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ("2/5/2026 0:00:00", ""), ("0:00:00", ""), ("2/5/2026 12:00 AM", ""), ("Feb 5 2026 12 am", ""),
        ("2/5/2026", "time-missing"), ("Thu, Feb 5", "time-missing"), ("", "time-missing"),
    ],
)  # fmt: skip
def test_midnight_is_a_time_where_the_format_shows_one(shown: str, code: str) -> None:
    """What Excel shows as 2/5/2026 0:00:00 has a time of day; a date alone never means midnight."""
    row, draft, issues = make_row({"DateTime": datetime(2026, 2, 5)})  # noqa: DTZ001 - as a cell holds it
    at = row.header.columns["DateTime"]
    texts = tuple(shown if place == at else text for place, text in enumerate(row.texts))
    [checked] = check_all([(replace(row, texts=texts), draft, issues)], Rules(), NOW, None)
    assert [issue.code for issue in checked.issues if issue.level is Level.ERROR] == ([code] if code else [])


def test_the_nearest_zone_is_named() -> None:
    """A slip of the finger is fixed in a second."""
    assert '"America/Chicago"' in the_issue(check({"TimeZone": "America/Chigaco"}), "zone-unknown").message


def test_a_row_without_a_zone_takes_the_sheets() -> None:
    """The default is the team's."""
    checked = check({"TimeZone": ""}, Rules(zone="America/Chicago"))
    assert checked.send_at == datetime(2026, 2, 5, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("2026-03-08 01:59", ""),
        ("2026-03-08 02:00", "time-in-gap"),
        ("2026-03-08 02:59:59", "time-in-gap"),
        ("2026-03-08 03:00", ""),
        ("2026-11-01 00:59:59", ""),
        ("2026-11-01 01:00", "time-doubled"),
        ("2026-11-01 01:59:59", "time-doubled"),
        ("2026-11-01 02:00", ""),
    ],
)
def test_the_hours_that_clocks_skip_or_show_twice_are_refused(moment: str, code: str) -> None:
    """To the second, on both Sundays of 2026."""
    assert codes({"DateTime": moment}, Rules(quiet_hours="")) == ([code] if code else [])


@pytest.mark.parametrize(
    ("moment", "zone", "code"),
    [
        ("2026-11-01 04:59", "UTC", ""),
        ("2026-11-01 05:00", "UTC", "time-doubled-at-provider"),
        ("2026-11-01 06:59", "UTC", "time-doubled-at-provider"),
        ("2026-11-01 07:00", "UTC", ""),
        ("2026-11-01 00:30", "CT", "time-doubled-at-provider"),
        ("2026-11-01 01:30", "CT", "time-doubled"),
        ("2026-10-25 01:30", "Europe/London", "time-doubled"),
        ("2026-03-29 01:30", "Europe/London", "time-in-gap"),
    ],
)
def test_the_providers_doubled_hour_is_refused_too(moment: str, zone: str, code: str) -> None:
    """It gets bare clock times and would have to guess."""
    assert codes({"DateTime": moment, "TimeZone": zone}, Rules(quiet_hours="")) == ([code] if code else [])


def test_a_provider_with_a_fixed_offset_has_no_doubled_hour() -> None:
    """The setting says how the provider's clock runs."""
    rules = Rules(quiet_hours="", provider_zone="Etc/GMT+5")
    assert codes({"DateTime": "2026-11-01 05:30", "TimeZone": "UTC"}, rules) == []


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("2026-02-02 09:59:59", "time-past"),
        ("2026-02-02 10:00", "time-past"),
        ("2026-02-02 10:00:01", "lead-time"),
        ("2026-02-02 10:09:59", "lead-time"),
        ("2026-02-02 10:10", ""),
        ("2027-02-02 10:00", ""),
        ("2027-02-02 10:00:01", "too-far-ahead"),
    ],
)
def test_a_time_is_neither_past_nor_too_near_nor_too_far(moment: str, code: str) -> None:
    """Ten minutes ahead and 365 days ahead are just right."""
    assert codes({"DateTime": moment}) == ([code] if code else [])


def test_seconds_are_kept_for_the_provider_and_do_not_count_for_the_key() -> None:
    """14:30:15 is sent so, and is the campaign of 14:30."""
    plain, exact = check(), check({"DateTime": "2026-02-05 14:30:15"})
    assert exact.send_at == datetime(2026, 2, 5, 19, 30, 15, tzinfo=UTC)
    assert exact.key == plain.key


def test_an_offset_is_first_taken_for_a_zone_that_the_team_used_before() -> None:
    """Not for a city that nobody there has heard of."""
    rules = Rules(used_zones=("Asia/Kolkata", "Asia/Yekaterinburg"))
    message = the_issue(check({"TimeZone": "UTC+5"}, rules), "zone-unknown").message
    assert "like Asia/Yekaterinburg or Asia/Karachi" in message
