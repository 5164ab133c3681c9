"""No text goes out with an unfilled field of any kind without a person's yes."""

from __future__ import annotations

import pytest
from cases_support import NOW, no_template

from batch.core.render import Renderer
from batch.core.validate import Checker, Rules
from batch.model import Checked, Header, Level, Row

HEADER = (
    "CampaignName",
    "Message",
    "GroupIds",
    "DateTime",
    "Subject",
    "MmsTemplateId",
    "Offer",
    "Store Name",
    "Offer %",
)
FORMS = [
    "<<{}>>", "<< {} >>", "(({}))", "%{}%", "${}", "*|{}|*", "<{}>", "#{}#", "«{}»", "« {} »", "[{}]", "@{}@", "[[{}]]",
    "%%{}%%", "__{}__", "|{}|", "##{}##", "<%{}%>", "<%= {} %>", "[%{}%]", "%[{}]%", "&lt;{}&gt;", "‹{}›", "<{}/>",
    "[${}]", "~{}~", "^{}^", "@@{}@@",
]  # fmt: skip
BRACES = [
    "{{{}}}", "{{{{{{{}}}}}}}", "${{{}}}", "{{${}}}", "{{{{{}}}", "{{ {{{}}} }}",
    "{{{}}}}}", "{{!{}}}", "#{{{}}}", "%{{{}}}",
]  # fmt: skip


def check(message: str, subject: str = "", offer: str = "20% off", name: str = "") -> Checked:
    """Render and check one campaign."""
    texts = ("Fall", message, "100", "2026-12-03 14:30", subject, "7" if subject else "", offer, "Plano", "20")
    header = Header(1, HEADER, {field: at for at, field in enumerate(HEADER)})
    row = Row(2, header, texts)
    drafted = (row, *Renderer(no_template).render(row))
    return Checker(Rules(zone="America/New_York"), NOW).check([drafted])[0]


def say(checked: Checked) -> list[tuple[str, Level]]:
    return [(issue.code, issue.level) for issue in checked.issues if issue.level is not Level.WARNING]


@pytest.mark.parametrize("name", ["Offer", "offer", "OFFER", "Ofer", "Offers", "Offre"])
@pytest.mark.parametrize("form", FORMS)
def test_a_column_in_the_way_of_another_program_is_an_error(form: str, name: str) -> None:
    """It shows the right spelling; case and a letter make no difference."""
    checked = check(f"Hi, {form.format(name)} today. Reply STOP")
    assert say(checked)[0] == ("field-of-another-program", Level.ERROR)
    assert "write {{ Offer }}" in checked.issues[0].message
    assert form.format(name) in checked.issues[0].message


@pytest.mark.parametrize("name", ["Offer", "offer", "Ofer"])
@pytest.mark.parametrize("form", BRACES)
def test_a_column_in_other_braces_is_an_error_with_the_right_spelling(form: str, name: str) -> None:
    """One brace, three, one too few, with a sign of another program."""
    checked = check(f"Hi, {form.format(name)} today. Reply STOP")
    assert [code for code, _ in say(checked)] == ["brace-in-text"]
    assert "write {{ Offer }}" in checked.issues[0].message


@pytest.mark.parametrize("form", [form for form in FORMS if "$" not in form and "_" not in form])
@pytest.mark.parametrize("name", ["Store Name", "StoreName", "store_name", "Store name"])
def test_blanks_in_the_name_make_no_difference(form: str, name: str) -> None:
    """Nor does an underscore."""
    assert "write {{ Store_Name }}" in check(f"Hi, {form.format(name)} today. Reply STOP").issues[0].message


@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_column_waits_as_a_placeholder(form: str) -> None:
    """A person decides."""
    assert say(check(f"Hi, {form.format('Discount')} today. Reply STOP")) == [("placeholder", Level.HOLD)]


@pytest.mark.parametrize(
    "written", ["[Discount]", "<<Discount>>", "%Discount%", "{Discount}", "TBD", "#REF!", "$Discount"]
)
def test_a_placeholder_that_a_cell_brings_in_waits_too(written: str) -> None:
    """The text is looked at as its recipients will read it."""
    assert ("placeholder", Level.HOLD) in say(check("Hi, {{ Offer }} today. Reply STOP", offer=written))


@pytest.mark.parametrize("written", ["{{ Offer }}", "[Offer]", "%Offer%", "TBD"])
def test_a_field_in_the_subject_waits(written: str) -> None:
    """Nothing is filled in there."""
    checked = check("Hello. Reply STOP", subject=f"Sale {written}")
    assert [issue.field for issue in checked.issues if issue.code == "placeholder"] == ["Subject"]


@pytest.mark.parametrize(
    "text",
    ["$5 off", "20% off", "50% to 70%", "20%-30%", "#1 store", "#sale #deal", "#Dallas", "<3", "I <3 you", "a@b.com",
     "ann@stores.com or bob@stores.com", "5 < 6 > 4", "Mon|Tue|Wed", "(see us)", "*today*", "*only* today", "$AVE big",
     "50%off everything, 30%off shoes", "Up 20% & down 5%", "A&W", "~20 min", "^ see above", "C# and F#",
     "2 for $5, 3 for $7",
     "@store on Instagram", "$5.99", "100%", "#1 & #2", "Sale - 50% - today",
     "$USD 5", "it's 5:00|6:00", "http://a.co/?a=%20b%20"],
)  # fmt: skip
def test_ordinary_texts_are_left_alone(text: str) -> None:
    """Prices, percents, ranks, hearts, addresses and hashtags that are no column."""
    assert say(check(f"{text}. Reply STOP")) == []


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("{{ Store Name }}", "{{ Store_Name }}"),
        ("{{Store Name}}", "{{ Store_Name }}"),
        ("{{ Offer? }}", "{{ Offer }}"),
        ("{{ Offer! }}", "{{ Offer }}"),
        ("{{ Offer, }}", "{{ Offer }}"),
        ("{{ “Offer” }}", "{{ Offer }}"),
        ("{{ row[“Store Name”] }}", "{{ Store_Name }}"),
        ("{{ Offer | default(“soon”) }}", '{{ Offer | default("soon") }}'),
        ("{{ Store Name | upper }}", "{{ Store_Name | upper }}"),
        ("{{ Offer % }}", '{{ row["Offer %"] }}'),
        ("{{ Store-Name }}", "{{ Store_Name }}"),
        ("{{ $Offer }}", "{{ Offer }}"),
        ("{{ #Offer }}", "{{ Offer }}"),
        ("{{ Stor Name }}", "{{ Store_Name }}"),
    ],
)
def test_a_field_that_does_not_read_gets_its_right_spelling(written: str, right: str) -> None:
    """In plain words; the engine's own never reach a person."""
    checked = check(f"Hi, {written} today. Reply STOP")
    (issue,) = [issue for issue in checked.issues if issue.level is Level.ERROR]
    assert f"write {right}" in issue.message
    assert "token" not in issue.message


@pytest.mark.parametrize(
    "text",
    ["{{ 20% off }}", "{{ }}", "{{", "}}", "{% if Offer %}x", "{% endif %}", "x{% else %}y", "{{ Offer | }}",
     "{% if %}x{% endif %}",
     "{% if Offer = 1 %}x{% endif %}",
     "{{ 'a }}", "{% Offer %}", "{{ Offer }", "{ Offer }}", "{% if “a” %}x{% endif %}",
     "{{ a b c }}",
     "{{ Offer | default('a) }}", "{%", "%}", "{#", "{{ row[ }}", "{{ (Offer }}"],
)  # fmt: skip
def test_no_word_of_the_engine_reaches_a_person(text: str) -> None:
    """Whatever is wrong with a template is said as one would say it."""
    checked = check(f"Hi {text}. Reply STOP")
    words = [issue.message for issue in checked.issues if issue.level is Level.ERROR]
    assert words
    for word in words:
        for jargon in (
            "token",
            "expected",
            "unexpected",
            "encountered",
            "jinja",
            "lexer",
            "statement",
            "print",
            "tags:",
        ):
            assert jargon not in word.lower()


@pytest.mark.parametrize("odd", ["\u00a0", "\u200b", "\ufeff", "\u202f", "\u2060"])
def test_odd_blanks_inside_braces_make_no_difference(odd: str) -> None:
    """They come along when a text is copied from a web page."""
    assert check(f"Hi {{{{{odd}Offer{odd}}}}}. Reply STOP").message == "Hi 20% off. Reply STOP"
