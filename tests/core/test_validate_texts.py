"""What is worth a word about the text itself."""

from __future__ import annotations

import pytest
from validate_support import check, codes, the_issue

from batch.core.validate import Rules
from batch.model import Level

STOP = " Reply STOP to opt out."


def text_codes(message: str, at: str = "2026-02-05 14:30", **rules: object) -> list[str]:
    return codes({"Message": message, "DateTime": at}, Rules(**rules))  # type: ignore[arg-type]


@pytest.mark.parametrize(("length", "found"), [(480, []), (481, ["message-too-long"])])
def test_a_text_has_at_most_480_characters(length: int, found: list[str]) -> None:
    """The provider's limit, to the character."""
    assert text_codes("a" * (length - len(STOP)) + STOP, max_parts=9) == found


def test_a_longer_text_may_be_agreed_on() -> None:
    """The limit is a setting."""
    assert text_codes("a" * 500 + STOP, max_parts=9, max_characters=600) == []


@pytest.mark.parametrize(("length", "found"), [(459, []), (460, ["many-parts"])])
def test_more_than_three_parts_are_a_warning(length: int, found: list[str]) -> None:
    """Three times 153 septets is the last that is fine."""
    assert text_codes("a" * (length - len(STOP)) + STOP) == found


def test_characters_that_cost_are_named_with_the_plain_one() -> None:
    """The person can fix it without knowing the alphabet."""
    issue = the_issue(check({"Message": "Acme’s coats 🎉" + STOP}), "costly-characters")
    assert issue.level is Level.WARNING
    assert '"’" (right single quotation mark), write "\'"' in issue.message
    assert '"🎉" (party popper), leave it out if you can' in issue.message


@pytest.mark.parametrize(
    "message",
    [
        "Sale! Reply STOP to opt out.",
        "Sale! Text STOP to 12345 to quit",
        "Sale! txt stop to end",
        'Sale! Reply "STOP" to unsubscribe',
        "Sale! Reply with STOP",
        "Sale! Send END to cancel",
        "Sale! Text UNSUBSCRIBE to leave",
        "Sale! Reply QUIT.",
        "Sale! Reply back CANCEL",
        "Sale! Text back STOPALL",
        "Sale! HELP for help, STOP to cancel",
        "Sale! STOP=end",
        "Sale! STOP2END",
        "Sale! Responda STOP",
        "Don't stop shopping! Reply STOP to opt out",
        "Reply YES or reply: STOP",
    ],
)
def test_an_opt_out_is_a_real_instruction(message: str) -> None:
    """Reply or text, and one of the words that carriers act on."""
    assert text_codes(message) == []


@pytest.mark.parametrize(
    "message",
    [
        "Sale!",
        "Don't stop shopping!",
        "Never stop. The sale will end soon.",
        "We will not quit: cancel your plans",
        "Text us before the end of the sale",
        "Text END OF SEASON to 12345 to win",
        "Do not reply STOP",
        "Stop by our store and reply YES",
        "Reply YES to win",
        "Nonstop fun",
    ],
)
def test_the_word_alone_is_no_instruction(message: str) -> None:
    """`Don't stop shopping` tells nobody how to leave."""
    assert text_codes(message) == ["no-opt-out"]


@pytest.mark.parametrize(
    ("message", "found"),
    [("ACME: sale" + STOP, []), ("acme sale" + STOP, []), ("Sale" + STOP, ["brand-missing"])],
)
def test_the_brand_is_in_every_text_when_the_team_says_so(message: str, found: list[str]) -> None:
    """In any case of letters."""
    assert text_codes(message, brand="Acme") == found


@pytest.mark.parametrize(
    "message",
    [
        "Sale at TBD", "Sale tba", "XX% off", "Save $XX", "Open at [STORE]", "Hi [store name]", "<CITY> sale",
        "Lorem ipsum dolor", "Ends ????", "At ___ today", "Code ## now", "TODO text",
    ],
)  # fmt: skip
def test_a_placeholder_that_was_left_is_pointed_out(message: str) -> None:
    """The slip of a copied sheet."""
    assert text_codes(message + STOP) == ["placeholder"]


@pytest.mark.parametrize(
    "message", ["Sizes M to XXL", "Really??", "love xx", "Item #5", "MAXX sale", "under <50> dollars", "5 < 6"]
)
def test_what_only_looks_like_one_is_left_alone(message: str) -> None:
    """XXL is a size."""
    assert text_codes(message + STOP) == []


# The send date is Thursday 5 February 2026.
@pytest.mark.parametrize(
    "message",
    [
        "Sale Friday", "Sale on Fri 10am", "SALE FRIDAY", "Only Sat-Sun", "Mon & Tue", "Sale 2/4", "Sale 02/04/2026",
        "Sale 2/4/26", "Sale until 1/31", "Ended Feb 4", "Ended February 4th", "On 4 February", "2026-02-04 only",
        "Sale 11/27", "Wed 2/4 only",
    ],
)  # fmt: skip
def test_a_day_in_the_text_that_does_not_fit_is_pointed_out(message: str) -> None:
    """Another weekday than the send date's, or a date before it."""
    assert set(text_codes(message + STOP)) == {"date-in-text"}


@pytest.mark.parametrize(
    "message",
    [
        "Sale Thursday", "Thu only", "Thu-Sat", "Wed through Fri", "Tomorrow, Friday", "Black Friday preview",
        "Every Friday", "Fridays are fun", "Fun in the Sun", "we sat and wed", "Sale 2/5", "Ends 2/28",
        "Ends 2/28/2026", "Ends Feb 5", "until 28 February", "Open 24/7", "1/2 off coats", "1/2 price", "Friday 2/6",
        "Sat 2/7", "this weekend", "You may 4 sure", "march 3 miles", "Call 555-1234", "99/99", "2/30", "$2/4 oz",
        "Today and tonight",
    ],
)  # fmt: skip
def test_a_day_that_fits_is_left_alone(message: str) -> None:
    """Its own weekday, a later date, a name, a fraction, a weekday explained by its date."""
    assert text_codes(message + STOP) == []


@pytest.mark.parametrize(("day", "found"), [("03", ["date-in-text"]), ("04", ["date-in-text"]), ("05", []), ("07", [])])
def test_this_weekend_is_not_said_early_in_the_week(day: str, found: list[str]) -> None:
    """From Thursday on it is near."""
    assert text_codes("Sale this weekend" + STOP, f"2026-02-{day} 14:30") == found


def test_the_day_counts_in_the_rows_zone_and_the_sheets_date_order() -> None:
    """8 p.m. on Thursday in Los Angeles is Friday in UTC."""
    cells = {"Message": "Thursday!" + STOP, "DateTime": "2026-02-05 20:00", "TimeZone": "PT"}
    assert codes(cells) == []
    assert text_codes("Ends 6/2" + STOP, date_order="day") == []
    assert text_codes("Ended 4/2" + STOP, date_order="day") == ["date-in-text"]


def test_without_a_send_date_no_day_is_judged() -> None:
    """First things first."""
    assert text_codes("Friday" + STOP, "soon") == ["time-unreadable"]


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("See https://bit.ly/abc", ["short-link"]),
        ("See TinyURL.com/abc", ["short-link"]),
        ("See www.bit.ly/abc", ["short-link"]),
        ("See t.co/x", ["short-link"]),
        ("See https://acme.com/abc", []),
        ("See habit.ly/abc", []),
        ("See bit.ly.acme.com", []),
        ("See cat.com", []),
        ("Mail us: me@t.co.uk", []),
    ],
)
def test_shared_link_shorteners_are_named(message: str, found: list[str]) -> None:
    """Carriers block them; the whole host counts."""
    assert text_codes(message + STOP) == found


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Free CBD oil", ["forbidden-subject"]),
        ("A payday  loan for you", ["forbidden-subject"]),
        ("Guns 20% off", ["forbidden-subject"]),
        ("Begun today", []),
        ("Swinewear", []),
        ("A payday treat", []),
    ],
)
def test_subjects_that_carriers_forbid_are_named(message: str, found: list[str]) -> None:
    """Whole words and phrases."""
    assert text_codes(message + STOP) == found


def test_the_teams_words_are_found_whole_and_in_any_case() -> None:
    """A phrase may break over lines."""
    words = ("cheap", "Best Price")
    assert text_codes("Cheapest coats" + STOP, words=words) == []
    issue = the_issue(check({"Message": "CHEAP, best\nprice" + STOP}, Rules(words=words)), "word-listed")
    assert '"cheap", "best price"' in issue.message
