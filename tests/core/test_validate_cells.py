"""The cells about whom a row goes to and what kind of sending it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from validate_support import ACCOUNT, check, codes, the_issue

from batch.core.validate import Rules
from batch.model import Account, Group, Level


@pytest.mark.parametrize(
    ("cell", "ids"),
    [
        ("100", ("100",)),
        ("100, 101", ("100", "101")),
        ("100;101", ("100", "101")),
        ("101\n100", ("101", "100")),
        ("100.0", ("100",)),
        ("007,", ("7",)),
        ("9" * 18, ("9" * 18,)),
    ],
)
def test_ids_are_read_as_plain_digits_in_the_order_of_the_sheet(cell: str, ids: tuple[str, ...]) -> None:
    """Commas, semicolons or lines apart; `100.0` is what Excel makes of 100."""
    checked = check({"GroupIds": cell})
    assert checked.campaign is not None
    assert checked.campaign.group_ids == ids
    assert checked.issues == ()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("", "groups-missing"),
        (" , ;", "groups-missing"),
        ("0", "group-id-invalid"),
        ("-5", "group-id-invalid"),
        ("100.5", "group-id-invalid"),
        ("1E+05", "group-id-invalid"),
        ("1.2.3", "group-id-invalid"),
        ("٣", "group-id-invalid"),
        ("9" * 19, "group-id-invalid"),
    ],
)
def test_what_is_no_id_is_refused(cell: str, code: str) -> None:
    """Nobody is texted by a guess."""
    checked = check({"GroupIds": cell})
    assert [issue.code for issue in checked.issues] == [code]
    assert checked.campaign is None


def test_every_wrong_id_of_a_cell_is_named() -> None:
    """One look is enough to fix it."""
    assert codes({"GroupIds": "0, 100, -1"}) == ["group-id-invalid", "group-id-invalid"]


@pytest.mark.parametrize("cell", ["100, 100", "100; 100.0; 0100"])
def test_a_group_named_twice_gets_one_text(cell: str) -> None:
    """A warning, and each id goes once."""
    checked = check({"GroupIds": cell})
    assert [issue.code for issue in checked.issues] == ["group-twice"]
    assert the_issue(checked, "group-twice").level is Level.WARNING
    assert checked.campaign is not None
    assert checked.campaign.group_ids == ("100",)


@pytest.mark.parametrize(
    ("cell", "ids", "names"),
    [
        ("Dallas stores", ("100",), ("Dallas stores",)),
        ("dallas  STORES", ("100",), ("Dallas stores",)),
        ("Austin, TX", ("101",), ("Austin, TX",)),
        ("Austin, TX; Dallas stores", ("101", "100"), ("Austin, TX", "Dallas stores")),
        ("Dallas stores; 101", ("100", "101"), ("Dallas stores", "Austin, TX")),
        ("100", ("100",), ("Dallas stores",)),
    ],
)
def test_names_are_looked_up_the_whole_cell_first(cell: str, ids: tuple[str, ...], names: tuple[str, ...]) -> None:
    """A name may hold a comma; several names stand apart by semicolons."""
    campaign = check({"GroupIds": cell}, account=ACCOUNT).campaign
    assert campaign is not None
    assert (campaign.group_ids, campaign.group_names) == (ids, names)


@pytest.mark.parametrize(
    ("cell", "code", "words"),
    [
        ("Dalas stores", "group-unknown", '"Dallas stores"'),
        ("Zebra, Yak", "group-unknown", "semicolon"),
        ("Dallas stores, Nobody yet", "group-unknown", 'between two names, as "Dallas stores; Nobody yet"'),
        (
            "Dallas stores, Austin, TX",
            "group-unknown",
            '"Dallas stores, Austin, TX": put a semicolon between two names',
        ),
        ("Twins", "group-ambiguous", "102 and 103"),
        ("Dallas stores; -1", "group-id-invalid", "-1"),
    ],
)
def test_a_name_that_is_unknown_or_means_two_groups_is_an_error(cell: str, code: str, words: str) -> None:
    """With the nearest name, or the ids to choose from."""
    assert words in the_issue(check({"GroupIds": cell}, account=ACCOUNT), code).message


def test_a_number_that_is_one_groups_id_and_anothers_name_is_ambiguous() -> None:
    """Which of the two is meant, only a person knows."""
    account = Account(groups=(Group("100", "A", 1), Group("5", "100", 1)))
    assert codes({"GroupIds": "100"}, account=account) == ["group-ambiguous"]


def test_offline_a_name_is_a_warning_and_there_is_no_id() -> None:
    """The check counts the row as valid and says what it could not look up."""
    checked = check({"GroupIds": "100; Dallas stores"})
    assert [(issue.code, issue.level) for issue in checked.issues] == [("group-not-looked-up", Level.WARNING)]
    assert checked.campaign is not None
    assert checked.campaign.group_ids == ()
    assert checked.campaign.group_names == ("100", "Dallas stores")


@pytest.mark.parametrize("groups", [None, ()])
def test_with_an_account_that_shows_no_groups_a_name_is_an_error(groups: Any) -> None:
    """A campaign to nobody must never reach the provider."""
    checked = check({"GroupIds": "Dallas stores"}, account=Account(groups=groups))
    assert [issue.code for issue in checked.issues] == ["groups-not-readable"]
    assert check({"GroupIds": "100"}, account=Account(groups=groups)).issues == ()


MMS = {"MmsTemplateId": "7"}


@pytest.mark.parametrize(
    ("cells", "field", "value"),
    [
        ({"TypeRecipients": ""}, "type_recipients", 0),
        ({"TypeRecipients": "0"}, "type_recipients", 0),
        ({"TypeRecipients": "1"}, "type_recipients", 1),
        ({"TypeRecipients": "1.0"}, "type_recipients", 1),
        ({"TypeRecipients": "Single"}, "type_recipients", 0),
        ({"TypeRecipients": "DOUBLE"}, "type_recipients", 1),
        (MMS, "mms_template_id", 7),
        ({"MmsTemplateId": "7.0"}, "mms_template_id", 7),
        ({**MMS, "Subject": "Coats!"}, "subject", "Coats!"),
        ({**MMS, "MmsHighResolution": "1"}, "mms_high_resolution", 1),
        ({**MMS, "MmsHighResolution": "no"}, "mms_high_resolution", 0),
        ({**MMS, "MmsHighResolution": ""}, "mms_high_resolution", None),
        ({"MmsHighResolution": "0"}, "mms_high_resolution", None),
        ({"ExpectedContacts": "1200"}, "expected_contacts", 1200),
        ({"ExpectedContacts": "1,200"}, "expected_contacts", 1200),
        ({"ExpectedContacts": "1200.0"}, "expected_contacts", 1200),
        ({"ExpectedContacts": ""}, "expected_contacts", None),
        ({"Purpose": "Marketing"}, "purpose", "marketing"),
        ({"Cancel": "x"}, "cancel", True),
        ({"Cancel": "No"}, "cancel", False),
        ({"Cancel": ""}, "cancel", False),
    ],
)
def test_cells_become_values(cells: dict[str, str], field: str, value: Any) -> None:
    """As people write them and as Excel shows them."""
    checked = check(cells)
    assert checked.issues == ()
    assert getattr(checked.campaign, field) == value


def test_the_teams_default_for_recipients_fills_an_empty_cell() -> None:
    """The provider's own default is not documented, so ours is always sent."""
    campaign = check({"TypeRecipients": ""}, Rules(type_recipients=1)).campaign
    assert campaign is not None
    assert campaign.type_recipients == 1


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"TypeRecipients": "2"}, "type-recipients-invalid"),
        ({"TypeRecipients": "both"}, "type-recipients-invalid"),
        ({"MmsTemplateId": "0"}, "template-unknown"),
        ({"MmsTemplateId": "-7"}, "template-unknown"),
        ({"MmsTemplateId": "7.5"}, "template-unknown"),
        ({"MmsTemplateId": "9" * 19}, "template-unknown"),
        ({"Subject": "Coats!"}, "mms-only"),
        ({"MmsHighResolution": "1"}, "mms-only"),
        ({**MMS, "MmsHighResolution": "2"}, "mms-high-resolution-invalid"),
        ({"ExpectedContacts": "-1"}, "expected-contacts-invalid"),
        ({"ExpectedContacts": "12.5"}, "expected-contacts-invalid"),
        ({"ExpectedContacts": "a few"}, "expected-contacts-invalid"),
        ({"ExpectedContacts": "1,20"}, "expected-contacts-invalid"),
        ({"Purpose": "fun"}, "purpose-invalid"),
    ],
)
def test_cells_that_cannot_be_read_are_errors(cells: dict[str, str], code: str) -> None:
    """Each by its own code."""
    checked = check(cells)
    assert [issue.code for issue in checked.issues] == [code]
    assert checked.campaign is None


@pytest.mark.parametrize(
    ("cell", "account", "code"),
    [
        ("Coats", ACCOUNT, ""),
        ("Cots", ACCOUNT, "template-unknown"),
        ("Hats", ACCOUNT, "template-ambiguous"),
        ("Coats", Account(groups=ACCOUNT.groups, templates=()), "template-unknown"),
        ("Coats", replace(ACCOUNT, templates=None), "templates-not-readable"),
        ("Coats", None, "template-not-looked-up"),
    ],
)
def test_a_template_may_be_named(cell: str, account: Account | None, code: str) -> None:
    """Looked up in the account; offline it is a warning."""
    checked = check({"MmsTemplateId": cell}, account=account)
    assert [issue.code for issue in checked.issues] == ([code] if code else [])
    assert (checked.campaign is None) is (code not in {"", "template-not-looked-up"})
    if not code:
        assert checked.campaign is not None
        assert checked.campaign.mms_template_id == 7
