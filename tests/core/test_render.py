"""A row and its template become the text that goes out, or everything that is wrong with either is said."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest
from examples_support import tries
from hypothesis import given
from hypothesis import strategies as st

from batch.adapters.messages import load_message
from batch.core.parts import measure
from batch.core.render import FILTERS, Renderer
from batch.model import Header, Issue, Level, Row
from batch.model.codes import TEXT
from batch.model.errors import BatchError

NAMES = (
    "CampaignName",
    "Message",
    "Template",
    "Send to",
    "Send At",
    "Offer",
    "End date",
    "StoreName",
    "City",
    "Offer %",
)
KNOWN = {"GroupIds": 3, "DateTime": 4}
CELLS = {
    "CampaignName": "Spring sale",
    "Send to": "100, 101",
    "Send At": "11/27/2026 9:00 AM",
    "Offer": "20% off",
    "End date": "Nov 27",
    "StoreName": "Maple & Co",
    "City": "FORT WORTH",
    "Offer %": "20%",
}


def make_header(names=NAMES):
    plain = {name: place for place, name in enumerate(names) if name and name not in ("Send to", "Send At")}
    known = {name: place for name, place in KNOWN.items() if len(names) == len(NAMES)}
    return Header(1, tuple(names), {**plain, **known})


HEADER = make_header()


def make_row(message="", number=2, dates=None, unshown=None, header=HEADER, **cells):
    named = {**CELLS, "Message": message, **{name.replace("_", " "): cell for name, cell in cells.items()}}
    return Row(number, header, tuple(named.get(name, "") for name in header.names), dates or {}, (), unshown or {})


def no_files(name):
    raise BatchError(f'there is no message template "{name}"', "did you mean it?")


def render(message, **cells):
    """Give the text that goes out; the row must be right."""
    draft, issues = Renderer(no_files).render(make_row(message, **cells))
    assert not [issue for issue in issues if issue.level is Level.ERROR], issues
    return draft.message


def refuse(message, **cells):
    """Give the issues of a row that must not go out."""
    draft, issues = Renderer(no_files).render(make_row(message, **cells))
    assert draft is None
    assert {issue.code for issue in issues} <= {code.name for code in TEXT}
    assert all(issue.row == 2 and issue.level is Level.ERROR for issue in issues)
    return issues


def codes(message, **cells):
    return [issue.code for issue in refuse(message, **cells)]


# fields


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Save 20% today", "Save 20% today"),
        ("Save {{ Offer }} till {{ End_date }}!", "Save 20% off till Nov 27!"),
        ('{{ row["End date"] }}', "Nov 27"),
        ("{{ row['Offer %'] }} at {{ StoreName }}", "20% at Maple & Co"),
        (
            "{{offer}} {{OFFER}} {{ store_name }} {{ end_date }} {{ EndDate }}",
            "20% off 20% off Maple & Co Nov 27 Nov 27",
        ),
        ("{{ CampaignName }} {{ GroupIds }} {{ DateTime }}", "Spring sale 100, 101 11/27/2026 9:00 AM"),
        ('{{ row["Send to"] }} {{ Send_At }}', "100, 101 11/27/2026 9:00 AM"),
        ("{{ Offer }}, {{ Offer }}, 100% sure %s", "20% off, 20% off, 100% sure %s"),
        ("a {# a note to the team #}b", "a b"),
        ('{{ "fixed" }} {{ 5 }}', "fixed 5"),
    ],
)
def test_a_field_is_filled_in_from_its_column(message, text):
    """By header as written, by the known column's one name, or without regard to case, blanks and underscores."""
    assert render(message) == text


def test_nothing_is_escaped_since_a_text_message_is_no_html():
    """Both ways through: plain fields and the engine's."""
    assert render("{{ StoreName }} <3") == "Maple & Co <3"
    assert render("{% if City %}{{ StoreName }} <3{% endif %}") == "Maple & Co <3"


def test_the_draft_tells_which_fields_the_text_uses():
    """Known columns by their one name, the others as written."""
    draft, _ = Renderer(no_files).render(make_row("{{ offer }} {{ Send_At }} {% if end_date %}x{% endif %}"))
    assert draft.used == ("Offer", "DateTime", "End date")
    assert draft.template == ""


def test_an_exact_header_wins_over_one_that_is_only_alike():
    """`Offer` is `Offer`, even beside `offer`."""
    header = make_header(("Message", "Offer", "offer", "of fer"))
    row = Row(2, header, ("{{ Offer }} {{ offer }}", "A", "B", "C"))
    assert Renderer(no_files).render(row)[0].message == "A B"


def test_a_field_that_could_be_two_columns_is_refused():
    """Which of them would be a guess."""
    header = make_header(("Message", "End date", "End_Date"))
    _, issues = Renderer(no_files).render(Row(2, header, ("{{ EndDate }}", "A", "B")))
    assert [(issue.code, issue.column) for issue in issues] == [("field-ambiguous", "A")]
    assert '"End date" (column B) and "End_Date" (column C)' in issues[0].message


def test_a_field_that_is_not_there_is_named_with_the_nearest():
    """In the column of the text, written as it should be written."""
    first, second, third = refuse("{{ Ofer }} {{ Store_nam }} {{ Zzyzx }}")
    assert (first.code, first.column, first.field) == ("field-unknown", "B", "Message")
    assert first.message == 'the text uses "Ofer", but the sheet has no such column: did you mean {{ Offer }}?'
    assert "did you mean {{ StoreName }}?" in second.message
    assert third.message.endswith("add such a column, or remove the field from the text")


def test_a_header_that_is_no_jinja_name_is_suggested_in_brackets():
    """`Offer %` cannot be written bare."""
    assert '{{ row["Offer %"] }}' in refuse("{{ row['Offer%%'] }}")[0].message


@pytest.mark.parametrize(
    "test", ["{% if Ofer %}x{% endif %}", '{{ Ofer | default("10%") }}', '{% if Ofer == "x" %}{% endif %}y']
)
def test_a_misspelt_field_is_an_error_even_where_it_may_be_empty(test):
    """A typing mistake would silently choose the stand-in."""
    assert codes(test) == ["field-unknown"]


def test_a_column_that_only_some_sheets_have_is_asked_for_with_is_defined():
    """One template can serve two sheets."""
    text = "{{ Offer }}{% if Extra is defined %} {{ Extra }}{% endif %}"
    assert render(text) == "20% off"
    header = make_header(("Message", "Offer", "Extra"))
    assert Renderer(no_files).render(Row(2, header, (text, "A", "and more")))[0].message == "A and more"
    assert codes("{{ Extra }}{% if Extra is defined %}{% endif %}") == ["field-unknown"]


def test_two_sheets_with_other_columns_can_go_through_one_renderer():
    """A template is tied to each header anew."""
    renderer = Renderer(no_files)
    turned = make_header(("Offer", "Message"))
    assert renderer.render(make_row("{{ Offer }}"))[0].message == "20% off"
    assert renderer.render(Row(2, turned, ("A", "{{ Offer }}")))[0].message == "A"
    assert renderer.render(make_row("{{ Offer }}"))[0].message == "20% off"


def test_the_text_cannot_hold_itself():
    """Its own braces would go out."""
    assert codes("{{ Message }}") == ["template-not-allowed"]


# empty cells


def test_an_empty_cell_that_the_text_uses_is_an_error_in_that_cell():
    """All of them at once, each once."""
    issues = refuse("{{ Offer }} {{ City }} {{ Offer }}", Offer="", City="")
    assert [(issue.code, issue.column, issue.field) for issue in issues] == [
        ("field-empty", "F", "Offer"),
        ("field-empty", "I", "City"),
    ]
    assert issues[0].message == (
        '"Offer" is empty, and the text uses it: fill in the cell, or write {{ Offer | default("...") }} in the text'
    )


@pytest.mark.parametrize(
    "message",
    [
        "Hi{% if Offer %} {{ Offer }}{% endif %}",
        "Hi{% if Offer != '' %} {{ Offer | upper }}{% endif %}",
        "Hi{{ Offer | default('') }}",
        "Hi{{ Offer or '' }}",
        "Hi{{ ' ' ~ Offer if Offer else '' }}".replace("' ' ~ ", ""),
        "Hi{% if not Offer %}{% else %} {{ Offer }}{% endif %}",
        "Hi{% if Offer | date == 'Nov 27' %} {{ Offer }}{% endif %}",
    ],
)
def test_an_empty_cell_may_be_tested_or_have_a_stand_in(message):
    """The author has thought of it."""
    assert render(message, Offer="") == "Hi"


@pytest.mark.parametrize(
    "message",
    [
        "{{ Offer | upper }}",
        "{{ Offer | date }}",
        "{{ Offer | money }}",
        "{% if City %}{{ Offer }}{% endif %}",
        "{{ City and Offer }}",
        "{{ Offer | trim | title }}",
        "{{ '' | default(Offer) }}",
        "{{ Offer if City }}",
    ],
)
def test_a_filter_or_another_fields_test_does_not_excuse_an_empty_cell(message):
    """It would leave a hole in the text."""
    assert codes(message, Offer="") == ["field-empty"]


def test_a_text_that_comes_out_empty_is_missing_even_with_a_footer():
    """The footer alone must not go out."""
    renderer = Renderer(no_files, footer="Reply STOP to opt out")
    _, issues = renderer.render(make_row("{% if Offer == 'x' %}hi{% endif %}"))
    assert [issue.code for issue in issues] == ["message-missing"]


# persons


@pytest.mark.parametrize(
    "name",
    [
        "FirstName",
        "first_name",
        "LASTNAME",
        "Last_Name",
        "fname",
        "Name",
        "FullName",
        "Surname",
        "customer_name",
        "ContactName",
        "Nickname",
        "name_of_contact",
        "CustomerFirstName",
        "YourName",
        "Salutation",
        "member_id",
    ],
)
def test_a_field_for_one_person_is_refused_with_the_reason(name):
    """4,000 people would read "Hi Maria"; a column of that name does not make it better."""
    (issue,) = refuse("Hi {{ " + name + " }}")
    assert issue.code == "personal-field"
    assert "one row is one text to a whole group" in issue.message
    row = Row(2, make_header(("Message", name)), ("Hi {{ " + name + " }}", "Maria"))
    assert [issue.code for issue in Renderer(no_files).render(row)[1]] == ["personal-field"]


@pytest.mark.parametrize(
    "mark",
    [
        "[FirstName]",
        "[First Name]",
        "%FirstName%",
        "%%first_name%%",
        "<<Last Name>>",
        "<name>",
        "«FirstName»",
        "*|FNAME|*",
        "$FirstName",
        "#FirstName#",
        "20% off %FirstName%",
        "[[ first name ]]",
    ],
)
def test_the_marks_of_other_tools_for_a_name_are_refused(mark):
    """They would go out as they stand."""
    assert codes(f"Hi {mark}!") == ["personal-field"]
    assert codes(f"Hi {mark}! {{{{ Offer }}}}") == ["personal-field"]


@pytest.mark.parametrize("mark", ["{FirstName}", "${FirstName}", "{{ contact.first_name }}", "{{ row['First name'] }}"])
def test_a_name_in_any_braces_is_refused_too(mark):
    """Beside whatever else is wrong with it."""
    assert "personal-field" in codes(f"Hi {mark}!")


@pytest.mark.parametrize(
    "text", ["Name your price", "Our name is Maple", "5% off <3", "100% Maple, 50% off", "$5 off [today]"]
)
def test_an_ordinary_text_about_names_is_fine(text):
    """A mark needs its signs around it."""
    assert render(text) == text


def test_store_and_campaign_names_are_no_persons():
    """Only people have a first name."""
    assert render("{{ StoreName }} {{ CampaignName }}") == "Maple & Co Spring sale"


# cells are data, and the template's braces stay here


@pytest.mark.parametrize("cell", ["{{ 7*7 }}", "{% for x in y %}", "{{ Offer", "}}", "{# x #}", "{{ City }}", "{"])
@pytest.mark.parametrize("message", ["Save {{ Offer }}", "{% if City %}Save {{ Offer }}{% endif %}"])
def test_a_cell_is_never_read_as_a_template(cell, message):
    """It goes out as these characters, with a warning in its cell."""
    draft, issues = Renderer(no_files).render(make_row(message, Offer=cell))
    assert draft.message == f"Save {cell}"
    assert [(issue.code, issue.level, issue.column) for issue in issues] == [("braces-in-cell", Level.WARNING, "F")]


@pytest.mark.parametrize(
    "message",
    [
        "Save { Offer }",
        "Save {{Offer}",
        "Save {Offer}}",
        "Save Offer}}",
        "Save {{ Offer }} }",
        "Save {{{ Offer }}}",
        "{{ '{{ Offer }}' }}",
        "{{ '\\x7b' }}",
        "Save {{ Offer",
        "Party :-}",
        "{{ Offer | default('}') }}",
        "{",
        "{%",
    ],
)
def test_no_brace_of_the_template_itself_leaves(message):
    """A stray one is a field that somebody mistyped."""
    assert "brace-in-text" in codes(message)


HOSTILE = [
    ("{% for i in range(999999999) %}x{% endfor %}", '"for"'),
    ("{% set x = 'a' %}{{ x }}", '"set"'),
    ("{% include 'secret.txt' %}", '"include"'),
    ("{% import 'x' as y %}", '"import"'),
    ("{% from 'x' import y %}", '"from"'),
    ("{% extends 'x' %}", '"extends"'),
    ("{% macro m() %}{% endmacro %}", '"macro"'),
    ("{% call m() %}{% endcall %}", '"call"'),
    ("{% block b %}{% endblock %}", '"block"'),
    ("{% filter upper %}x{% endfilter %}", '"filter"'),
    ("{% with a = 1 %}{% endwith %}", '"with"'),
    ("{% autoescape false %}{% endautoescape %}", '"autoescape"'),
    ("{% raw %}{{ Offer }}{% endraw %}", '"raw"'),
    ("{% do x %}", '"do"'),
    ("{{ range(10) }}", "a call"),
    ("{{ lipsum() }}", "a call"),
    ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "a call"),
    ("{{ self.__init__ }}", "a dot"),
    ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "a call"),
    ("{{ Offer.__class__ }}", "a dot"),
    ("{{ Offer['__class__'] }}", "square brackets"),
    ("{{ row[Offer] }}", "square brackets"),
    ("{{ Offer[0:3] }}", "square brackets"),
    ("{{ Offer | attr('__class__') }}", '"attr"'),
    ("{{ ['a'] | map('upper') | join }}", '"join"'),
    ("{{ Offer | center(999999999) }}", '"center"'),
    ("{{ 'x' * 999999999 }}", '"*"'),
    ("{{ 9 ** 9 ** 9 }}", '"**"'),
    ("{{ 7 * 7 }}", '"*"'),
    ("{{ 1 + 1 }}", '"+"'),
    ("{{ Offer ~ City }}", '"~"'),
    ("{{ '%999999999d' % 1 }}", '"%"'),
    ("{{ 10 // 0 }}", '"//"'),
    ("{{ -5 }}", '"-"'),
    ("{{ {'a': 1} }}", "braces inside"),
    ("{{ [1, 2] }}", "a list"),
    ("{{ 1, 2 }}", "a comma"),
    ("{% if Offer is divisibleby 0 %}x{% endif %}", '"is divisibleby"'),
    ("{% if Offer is string %}x{% endif %}", '"is string"'),
    ("{{ Offer == 'x' }}", "a comparison"),
    ("{{ not Offer }}", '"not"'),
    ("{{ Offer is defined }}", '"is defined"'),
    ("{{ none }}", '"None"'),
    ("{{ true }}", '"True"'),
    ("{{ 1e999 }}", "too large a number"),
    ("{{ 9" + "9" * 400 + " }}", "too large a number"),
    ("{{ 9" + "9" * 6000 + " }}", ""),
    ("{{ Offer | default(City | upper(1)) }}", '"upper"'),
    ("{{ Offer | money(City) }}", "fixed values"),
    ("{{ Offer | money('$', 99999) }}", "0 or 2 decimals"),
    ("{{ Offer | money('" + "$" * 99 + "') }}", "at most four"),
    ("{{ Offer | date('" + "%Y" * 99 + "') }}", "short layout"),
    ("{{ Offer | date('%Q') }}", '"%Q"'),
    ("{{ Offer | date(format='%Y') }}", "is written"),
    ("{{ Offer | date(*City) }}", "is written"),
    ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "too deeply"),
    ("{% if " + "not " * 2000 + "Offer %}x{% endif %}", "too deeply"),
    ("{{ " + "Offer or " * 500 + "City }}", "too deeply"),
    ("{% if Offer %}" * 80 + "x" + "{% endif %}" * 80, "too deeply"),
    ("{{ Offer" + " | upper" * 500 + " }}", "too deeply"),
    ("{{ Offer }}" * 300, "more than 200 fields"),
    ("{{ Offer }}" + "x" * 20_000, "10000 are allowed"),
]


@pytest.mark.parametrize(("message", "named"), HOSTILE, ids=[message[:40] for message, _ in HOSTILE])
def test_a_template_from_a_stranger_is_refused_by_name_of_what_is_not_allowed(message, named):
    """Loops, calls, arithmetic, attributes, other files, and everything that could run long or grow."""
    issues = refuse(message)
    assert {issue.code for issue in issues} <= {"template-not-allowed", "template-broken"}
    assert named in issues[0].message
    assert all(len(issue.message) < 300 and len(issue.value) <= 80 for issue in issues)


@pytest.mark.parametrize(
    "message",
    [
        "{{ }}",
        "{% if %}x{% endif %}",
        "{% if Offer %}x",
        "{{ Offer | }}",
        "{% endif %}",
        "{{ 'open }}",
        "{% %}",
        "{{ a b }}",
    ],
)
def test_a_template_that_cannot_be_read_is_one_clear_issue(message):
    """No traceback, whatever was typed."""
    assert codes(message) == ["template-broken"]


WORDS = [
    "{{", "}}", "{%", "%}", "{#", "#}", "{", "}", " if ", " elif ", " else ", " endif ", " Offer ", " City ", " row",
    "[", "]", "'x'", '"', "(", ")", " | ", "upper", "date", "money", "default", " == ", " < ", " in ", " not ", " and ",
    " or ", " is ", "defined", " 5 ", ".", ",", " text ", "\\n", "-", "~", "*", " for ", "%s", "\\x7b", "True",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=14).map("".join), st.sampled_from(["", "20%", "Nov 27"]))
@tries(600)
def test_whatever_is_typed_there_is_a_text_without_braces_or_an_issue(message, offer):
    """Never a traceback, never a brace, never neither."""
    draft, issues = Renderer(no_files).render(make_row(message, Offer=offer))
    assert draft or issues
    assert draft is None or not set("{}\0") & set(draft.message)
    assert {issue.code for issue in issues} <= {code.name for code in TEXT}


@given(st.text(max_size=60), st.text(max_size=60))
@tries(100)
def test_any_cell_goes_out_as_its_own_characters_or_is_an_issue(offer, city):
    """Both ways through agree, and the cell adds nothing but itself."""
    flat, _ = Renderer(no_files).render(make_row("a{{ Offer }}b{{ City }}c", Offer=offer, City=city))
    engine, _ = Renderer(no_files).render(
        make_row("{% if 1 %}a{{ Offer }}b{{ City }}c{% endif %}", Offer=offer, City=city)
    )
    assert (flat and flat.message) == (engine and engine.message)
    if flat and f"{offer}{city}".isascii() and f"{offer}{city}".isprintable():
        assert flat.message == f"a{offer}b{city}c"


def test_what_is_not_allowed_is_named_with_its_line():
    """Counted as the author sees it."""
    issues = refuse("Hello\n{% for x in y %}\n{% set z = 1 %}{% endfor %}")
    assert ["(line 2)" in issues[0].message, "(line 3)" in issues[1].message] == [True, True]


def test_a_nearly_right_filter_gets_the_nearest_one():
    """There are only a few."""
    assert refuse("{{ Offer | uper }}")[0].message == 'the filter "uper" is not allowed: did you mean "upper"?'


# if and comparisons


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ("City == 'FORT WORTH'", True),
        ("City != 'FORT WORTH'", False),
        ("City | title == 'Fort Worth'", True),
        ("'WORTH' in City", True),
        ("City in ['DALLAS', 'FORT WORTH']", True),
        ("City not in ('DALLAS', 'AUSTIN')", True),
        ("row['Offer %'] == 20", True),
        ("row['Offer %'] > 9", True),
        ("row['Offer %'] < '100'", True),
        ("5 < row['Offer %'] <= 20", True),
        ("row['Offer %'] >= 20.5", False),
        ("row['Offer %'] > -1", True),
        ("DateTime < '2026-12-01'", True),
        ("City and Offer", True),
        ("City == 'x' or Offer", True),
        ("not City", False),
        ("City is defined", True),
        ("Nowhere is defined", False),
        ("City is not defined", False),
        ("Offer == true", False),
        ("not (City and not Offer)", True),
    ],
)
def test_a_comparison_means_what_a_person_means(test, holds):
    """A number beside a number is compared by size, not by letters: 9 is less than 20%."""
    assert render("{% if " + test + " %}yes{% else %}no{% endif %}") == ("yes" if holds else "no")


def test_elif_chooses_the_first_that_holds():
    """As in every language."""
    text = "{% if City == 'A' %}a{% elif City == 'B' %}b{% elif City == 'C' %}c{% else %}d{% endif %}"
    assert [render(text, City=city) for city in "ABCX"] == ["a", "b", "c", "d"]


def test_a_size_comparison_of_words_is_an_error_not_an_accident():
    """In the cell that cannot be read."""
    (issue,) = refuse("{% if City > 5 %}x{% endif %}")
    assert (issue.code, issue.column, issue.field) == ("filter-failed", "I", "City")
    assert issue.message.startswith('"FORT WORTH" cannot be compared with "5" by size')


# filters


@pytest.mark.parametrize(
    ("cell", "layout", "text"),
    [
        ("2026-11-27", "%b %-d", "Nov 27"),
        ("11/27/2026", "%A, %B %-d", "Friday, November 27"),
        ("1/2/26", "%d.%m.%Y", "02.01.2026"),
        ("Nov 27", "%B %d", "November 27"),
        ("November 27, 2026", "%m/%d/%y", "11/27/26"),
        ("27-Nov-26", "%Y-%m-%d", "2026-11-27"),
        ("Friday, November 27, 2026", "%a", "Fri"),
        ("27 Nov 2026", "%#d", "27"),
        ("11/27/2026 9:00 AM", "%-I:%M %p", "9:00 AM"),
        ("2026-11-27T21:05:00", "%I:%M %p", "09:05 PM"),
        ("12:30 AM", "%H:%M", "00:30"),
        ("9 pm", "%-I %p", "9 PM"),
        ("Nov. 3rd", "%-d %%", "3 %"),
        ("2/29", "%b %-d", "Feb 29"),
    ],
)
def test_date_reads_what_a_us_excel_shows_and_writes_it_anew(cell, layout, text):
    """English names and no leading zeros on every system."""
    assert render('{{ Offer | date("' + layout + '") }}', Offer=cell) == text


@pytest.mark.parametrize(
    ("cell", "layout"),
    [
        ("soon", "%d"),
        ("0000-11-27", "%A"),
        ("13/13/2026", "%d"),
        ("2/30/2026", "%d"),
        ("Nov 27", "%A"),
        ("Nov 27", "%Y"),
        ("2026-11-27", "%H"),
        ("Thursday, November 27, 2026", "%d"),
        ("9:00 AM", "%d"),
        ("9:00 AM", "%A"),
        ("13:00 PM", "%H"),
        ("45987", "%d"),
        ("27/11/2026", "%d"),
    ],
)
def test_date_says_which_cell_it_cannot_read(cell, layout):
    """Field, value and what to write; a wrong weekday is no date either."""
    (issue,) = refuse('{{ Offer | date("' + layout + '") }}', Offer=cell)
    assert (issue.code, issue.column, issue.field, issue.value) == ("filter-failed", "F", "Offer", cell)
    assert f'"{cell}"' in issue.message
    assert "write" in issue.message


DATES = st.from_regex(
    r"(0{4}|[0-9]{1,5}|[A-Z][a-z]{2,8},?)[-/ .]([0-9]{1,3}|Nov|Feb)[-/ ,T][0-9]{1,5}( [0-9]{1,2}:[0-9]{2} [AP]M)?"
)


@given(st.one_of(st.text(max_size=30), DATES))
@tries(100)
def test_the_filters_read_a_cell_or_say_that_they_cannot(cell):
    """Whatever stands in it."""
    for call in ("date('%A %Y-%m-%d %H:%M')", "date('%B')", "money", "title"):
        draft, issues = Renderer(no_files).render(make_row("x{{ Offer | " + call + " }}", Offer=cell))
        assert draft or issues[0].code in ("filter-failed", "field-empty", "control-character")


@pytest.mark.parametrize(("order", "text"), [("month", "Mar 4"), ("day", "Apr 3"), ("iso", None)])
def test_the_date_order_says_how_a_slashed_date_reads(order, text):
    """Where it says neither, nothing is guessed."""
    draft, issues = Renderer(no_files, date_order=order).render(make_row("{{ Offer | date }}", Offer="3/4/2026"))
    assert (draft and draft.message) == text
    assert [issue.code for issue in issues] == ([] if text else ["filter-failed"])


@pytest.mark.parametrize(
    ("value", "layout", "text"),
    [
        (datetime.fromisoformat("2026-11-27T09:05"), "%a %-I:%M %p", "Fri 9:05 AM"),
        (date(2026, 11, 27), "%b %-d", "Nov 27"),
        (time(21, 0), "%-I %p", "9 PM"),
    ],
)
def test_a_real_date_is_taken_as_one_and_not_as_what_it_shows(value, layout, text):
    """The time columns hand it over beside the text."""
    row = make_row('{{ DateTime | date("' + layout + '") }}', dates={4: value}, Send_At="46353.378")
    assert Renderer(no_files).render(row)[0].message == text


@pytest.mark.parametrize(
    ("cell", "call", "text"),
    [
        ("5", "money", "$5.00"),
        ("1234.5", "money", "$1,234.50"),
        ("$1,234.50", "money", "$1,234.50"),
        ("1,234,567", "money('€', 0)", "€1,234,567"),
        ("-5", "money", "-$5.00"),
        ("0.005", "money", "$0.01"),
        ("4.5", "money('', 0)", "5"),
        (".99", "money", "$0.99"),
    ],
)
def test_money_writes_an_amount(cell, call, text):
    """Sign, thousands, decimals; halves are rounded up as people do."""
    assert render("{{ Offer | " + call + " }}", Offer=cell) == text


@pytest.mark.parametrize("cell", ["free", "20%", "1.234,50", "1,23", "5 $ off", "1e5", "٣", "NaN", "-", "$", "1" * 30])
def test_money_refuses_what_is_no_amount(cell):
    """Rather than sending a wrong price."""
    assert codes("{{ Offer | money }}", Offer=cell) == ["filter-failed"]


def test_the_small_filters_do_what_their_names_say():
    """title leaves the letter after an apostrophe small."""
    text = "{{ City | title }}|{{ Offer | upper }}|{{ City | lower }}|{{ ' x ' | trim }}|{{ Offer | default('y') }}"
    assert render(text, City="DON'T STOP") == "Don't Stop|20% OFF|don't stop|x|20% off"


@pytest.mark.parametrize("known", FILTERS.values(), ids=FILTERS)
def test_each_filter_works_as_the_docs_show_it(known):
    """The table that the docs print is run."""
    cells = {"EndDate": "2026-11-27", "Price": "1234.5", "City": "FORT WORTH", "Offer": "20% off"}
    cells |= {"Offer": ""} if known.name == "default" else {"Offer": " 20% off "} if known.name == "trim" else {}
    header = make_header(("Message", *cells))
    assert Renderer(no_files).render(Row(2, header, (known.example, *cells.values())))[0].message == known.result


# the finished text


def test_exactly_one_of_message_and_template_is_filled():
    """Neither and both are errors in the column to fix."""
    (neither,) = refuse("")
    (both,) = refuse("Hi", Template="weekly")
    assert (neither.code, neither.column) == ("message-missing", "B")
    assert (both.code, both.column, both.value) == ("message-and-template", "C", "weekly")


def test_a_sheet_with_only_a_template_column_is_fine():
    """And an empty cell in it is reported there."""
    header = make_header(("Template", "Offer"))
    renderer = Renderer({"weekly": "Save {{ Offer }}"}.__getitem__)
    draft, _ = renderer.render(Row(2, header, ("weekly", "A")))
    assert (draft.message, draft.template) == ("Save A", "weekly")
    assert renderer.render(Row(3, header, ("", "A")))[1][0].column == "A"


def test_a_template_that_is_not_there_is_an_issue_of_its_row(tmp_path):
    """With the words of the room that looked for it; the file is asked for once."""
    asked = []

    def load(name):
        asked.append(name)
        return load_message([tmp_path], name)

    renderer = Renderer(load)
    (tmp_path / "weekly.txt").write_text("hi", encoding="utf-8")
    for number in (2, 3):
        _, (issue,) = renderer.render(make_row(number=number, Template="weekli"))
        assert (issue.row, issue.code, issue.column, issue.value) == (number, "template-not-found", "C", "weekli")
        assert issue.message == 'there is no message template "weekli": did you mean "weekly.txt"?'
    assert asked == ["weekli"]


def test_a_problem_inside_a_template_file_is_reported_in_the_template_column(tmp_path):
    """There is no other cell to mark."""
    (tmp_path / "weekly.txt").write_text("{{ Ofer }}", encoding="utf-8")
    _, (issue,) = Renderer(lambda name: load_message([tmp_path], name)).render(make_row(Template="weekly"))
    assert (issue.code, issue.column, issue.field) == ("field-unknown", "C", "Template")


def test_a_rendered_text_is_nfc_with_plain_line_ends_and_no_blanks_around_it():
    """One form for the fingerprint and for counting."""
    assert (
        render("  Cafe\u0301\r\nopen\rnow\u2028here\tso \n {{ Offer }} \n", Offer="a\r\nb")
        == "Café\nopen\nnow\nhere so \n a\nb"
    )


@pytest.mark.parametrize(
    "odd", ["\x00", "\x07", "\x1b", "\x0b", "\x7f", "\x85", chr(0xD83D), "\ufffd", "\uffff", "\x00" + "5\x00"]
)
@pytest.mark.parametrize("message", ["Save {} now", "Save {} {{{{ Offer }}}}"])
def test_a_control_character_is_refused(odd, message):
    """Halves of characters and the mark of a lost one too, from the text or from a cell."""
    assert codes(message.format(odd)) == ["control-character"]
    assert codes("Save {{ Offer }}", Offer=f"a{odd}b") == ["control-character"]
    assert codes("{% if City %}{{ Offer | upper }}{% endif %}", Offer=f"a{odd}b") == ["control-character"]


def test_emoji_with_joiners_are_no_control_characters():
    """A family and a flag go out whole."""
    assert render("👨‍👩‍👧 🇺🇸 ❤️") == "👨‍👩‍👧 🇺🇸 ❤️"


def test_a_text_far_too_long_is_refused_here():
    """A cell holds 32,767 characters, and a text could use it two hundred times."""
    assert codes("{{ Offer }}" * 200, Offer="x" * 32_767) == ["message-too-long"]


def test_prefix_and_footer_go_around_every_text():
    """With one blank between, or the line end that the setting has."""
    row = make_row("Save {{ Offer }}")
    assert Renderer(no_files, prefix="Maple:", footer="Reply STOP to opt out").render(row)[0].message == (
        "Maple: Save 20% off Reply STOP to opt out"
    )
    assert (
        Renderer(no_files, prefix="Maple: ", footer="\nSTOP=end").render(row)[0].message
        == "Maple: Save 20% off\nSTOP=end"
    )


def test_a_footer_that_the_author_wrote_already_is_not_doubled():
    """The same for the prefix."""
    row = make_row("Maple: save. Reply STOP to opt out")
    renderer = Renderer(no_files, prefix="Maple:", footer="Reply STOP to opt out")
    assert renderer.render(row)[0].message == "Maple: save. Reply STOP to opt out"


def test_plain_puts_plain_characters_everywhere():
    """In the text, in the cells, in the footer."""
    renderer = Renderer(no_files, plain=True, footer="Don’t reply")
    assert renderer.render(make_row("It’s “{{ Offer }}”", Offer="20\u00a0% – off…"))[0].message == (
        "It's \"20 % - off...\" Don't reply"
    )


def test_what_a_cells_format_could_not_show_counts_when_the_text_uses_it():
    """And only then."""
    trouble = Issue(2, "F", "Offer", "format-not-shown", "this format cannot be shown")
    row = make_row("{{ Offer }}", unshown={5: trouble})
    assert Renderer(no_files).render(row) == (None, (trouble,))
    assert Renderer(no_files).render(make_row("{{ City }}", unshown={5: trouble}))[0].message == "FORT WORTH"


def test_a_real_date_whose_format_cannot_be_shown_is_fine_for_the_date_filter():
    """It never needs what the cell shows."""
    trouble = Issue(2, "E", "DateTime", "format-not-shown", "this format cannot be shown")
    row = make_row("{{ DateTime | date }}", dates={4: date(2026, 11, 27)}, unshown={4: trouble})
    assert Renderer(no_files).render(row)[0].message == "Nov 27"
    bare = make_row("{{ DateTime }}", dates={4: date(2026, 11, 27)}, unshown={4: trouble})
    assert Renderer(no_files).render(bare) == (None, (trouble,))


def test_what_is_remembered_stays_bounded():
    """A sheet with a template a row must not fill the memory."""
    renderer = Renderer(no_files)
    for number in range(1200):
        assert renderer.render(make_row(f"{number} {{{{ Offer }}}}"))[0].message == f"{number} 20% off"
    assert max(len(kept) for kept in (renderer._bound, renderer._programs, renderer._files)) <= 512


# the templates that travel with the program

SHIPPED = Path(__file__).parents[2] / "templates" / "messages"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.txt*")), ids=lambda path: path.name)
def test_each_example_template_renders_into_one_part_with_an_opt_out(path):
    """Under 160 GSM characters with the cells of an ordinary store."""
    names = ("Template", "StoreName", "City", "Offer", "EndDate")
    row = Row(2, make_header(names), (path.name, "Maple & Co", "Fort Worth", "20% off", "11/27/2026"))
    draft, issues = Renderer(lambda name: load_message([SHIPPED], name)).render(row)
    assert issues == ()
    assert draft.message.endswith("Reply STOP to opt out")
    assert (measure(draft.message).encoding, measure(draft.message).count) == ("GSM-7", 1)
