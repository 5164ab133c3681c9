"""The one register of codes: what each means, how much it weighs, who may change that, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from textwrap import wrap

from batch.model.issues import Level
from batch.model.records import dataclass

ISSUE, FINDING = "issue", "finding"


@dataclass(frozen=True, slots=True)
class Code:
    """One code as settings, reports and docs know it."""

    name: str
    """Stable and kebab-case; an interface: never renamed."""
    meaning: str
    """One line for a person, without a trailing stop."""
    next_step: str = ""
    """What a person does about it."""
    level: Level | None = Level.ERROR
    """What it weighs unless `[rules]` says otherwise; None for what only comparing finds."""
    by_rules: bool = False
    """Whether `[rules]` may change its level."""
    by_allow: bool = False
    """Whether a person may send such rows anyway with `--allow`."""
    kinds: frozenset[str] = frozenset({ISSUE})
    """Whether it is on an Issue (about a row or file), on a Finding (from comparing), or both."""
    entry_step: str = ""
    """What to do about an entry that is held or accepted with it; `{entry}` and `{id}` are filled in."""
    group: str = ""
    """The heading under which docs list it."""

    @property
    def step(self) -> str:
        """Give the next step for docs, where no entry is meant."""
        return self.next_step or self.entry_step.format(entry="ENTRY", id="ID")


def _hard(name: str, meaning: str, step: str = "", level: Level = Level.ERROR) -> Code:
    """An error that nobody can change or allow."""
    return Code(name, meaning, step, level)


def _waits(name: str, meaning: str, step: str) -> Code:
    """What may yet come, outside the sheet: the row waits for it, then it is submitted automatically."""
    return Code(name, meaning, step, Level.WARNING, entry_step=f"{step}, then run campaign-batch resume")


def _soft(name: str, level: Level, meaning: str, step: str = "", entry_step: str = "") -> Code:
    """What `[rules]` may weigh differently and `--allow` may send anyway."""
    return Code(name, meaning, step, level, by_rules=True, by_allow=True, entry_step=entry_step)


def _plan(name: str, meaning: str, step: str = "", *, rules: bool = True, allow: bool = True, entry: str = "") -> Code:
    """A hold that comes of what the ledger or the provider already has."""
    return Code(name, meaning, step, Level.HOLD, by_rules=rules, by_allow=allow, entry_step=entry)


def _note(name: str, meaning: str, step: str) -> Code:
    """A warning that nobody can change."""
    return Code(name, meaning, step, Level.WARNING)


def _held(name: str, meaning: str, entry_step: str, step: str = "") -> Code:
    """A hold of a row after it was planned."""
    return Code(name, meaning, step, Level.HOLD, entry_step=entry_step)


def _found(name: str, meaning: str, step: str = "", entry_step: str = "") -> Code:
    return Code(name, meaning, step, None, kinds=frozenset({FINDING}), entry_step=entry_step)


def _both(code: Code) -> Code:
    return replace(code, kinds=frozenset({ISSUE, FINDING}))


_E, _H, _W = Level.ERROR, Level.HOLD, Level.WARNING
_FIX = "fix the cell and hand the file in again"
_FIX_TEMPLATE = "fix the text or the template and hand the file in again"
_LOOK_FOR = (
    "look for it in the dashboard: if it is there, campaign-batch resolve {entry} --accepted ID; if not, --not-sent"
)
_COMPARE = "compare the group in the dashboard with what you expected"
_AS_TEXT = "format the column as text, type the value again and hand the file in again"

SHEET = (
    # Made by adapters/sheet, from the cells as they stand in the file.
    _hard("hidden-unknown", "whether the row is hidden could not be read", "save the file as .xlsx", _H),
    _hard("broken-character", "the cell has a character that was damaged when the file was saved", _FIX),
    _hard("cell-error", "the cell shows an error of the spreadsheet", "fix the formula, or type the value"),
    _hard("formula-not-calculated", "the file has no value for a formula", "open the file, save it, drop it again"),
    _hard("format-unclear", "the cell's number format leaves open what the cell shows", _AS_TEXT),
    _hard("number-mangled", "the spreadsheet changed the digits of an id", _AS_TEXT),
    _hard("date-as-number", "the cell has a date as a bare number", "format the cell as a date"),
    _hard("merged-cells", "the cell is merged with others, so its value belongs to no one row", "unmerge the cells"),
    _note("merged-down", "merged cells count for each row that they cover", "unmerge them if that is not meant"),
    _hard("ragged-row", "the row has more cells than the header", "put texts with commas in quotes"),
    _note("hidden-columns", "columns of the sheet are hidden; they are read", "show the columns and check them"),
    _note("macros-ignored", "the workbook has macros; they do not run", "nothing, unless the macros fill in cells"),
    _note("damaged-xml", "part of the workbook is damaged", "open the file in Excel, save it and compare the rows"),
    _note("legacy-encoding", "the text file is not UTF-8", "check the accents, or save as CSV UTF-8"),
    _note("rows-above-header", "rows above the header are skipped", "move them below the header if they should go"),
    _note("example-row", "the name of an example row begins with EXAMPLE; the row is not taken", "type another name"),
    _note("other-sheet", "another sheet holds campaigns that are not taken", "show it, or name it with --sheet"),
    _note("field-unused", "no text uses this column", "nothing, or write the field into the text"),
    _hard("account-unknown", "the cell Account names no account", _FIX),
    _note("other-account-rows", "rows of the sheet go to other accounts, each in a batch there", "nothing"),
    _note("row-id-unknown", "this ledger did not give this RowId", "clear the RowId"),
)

TEXT = (
    # Made while the text is rendered (core/render); what checks a finished text is in RULES.
    _hard("message-missing", "neither Message nor Template is filled in, or the text came out empty", _FIX),
    _hard("message-and-template", "both Message and Template are filled in", "clear one of the two"),
    _hard("template-not-found", "there is no template of that name in the folder", "correct the name, or add the file"),
    _hard("template-unreadable", "the template file is too large or is not text", "save it as a short UTF-8 text"),
    _hard("template-broken", "the text cannot be read as a template", _FIX_TEMPLATE),
    _hard("template-not-allowed", "the template uses what the language of the messages does not have", _FIX_TEMPLATE),
    _hard("field-of-another-program", "a column is named as other programs write fields", "write it as {{ Field }}"),
    _hard("brace-in-text", "a stray brace would go out with the text", _FIX_TEMPLATE),
    _hard("personal-field", "a field for one person, in a text to a whole group", "remove the field from the text"),
    _hard("field-unknown", "the text uses a field that the sheet does not have", "correct it, or add the column"),
    _hard("field-ambiguous", "the text uses a field that could be one of several columns", "rename one of the columns"),
    _hard("field-empty", "the text uses a field whose cell is empty", "fill in the cell and hand the file in again"),
    _hard("filter-failed", "a filter or comparison cannot read what the cell says", _FIX),
    _hard("control-character", "a character that no phone can show", "delete the character and hand the file in again"),
    _hard("message-too-long", "the text has more characters than `max_characters`", "shorten the text"),
    _soft("braces-in-cell", _W, "a cell has braces, which go out as they are", "take them out unless you mean them"),
)

PLAN = (
    # Made by core/guards and core/plan: the row beside the ledger and the provider's lists.
    _plan(
        "same-text-same-groups-same-time", "another row already sends this text to these groups at this time",
        "delete one of the two rows, or send it anyway with --allow",
    ),
    _plan("other-account", "another account scheduled this row before", "cancel it there, or send it from both"),
    _plan("close-to-another", "a group would get two texts shortly after one another", "move one of the two"),
    _plan(
        "same-campaign-other-time", "a campaign of this name to these groups is scheduled for another time",
        "delete that one first; for another sending give the row another name or a Reference",
    ),
    _plan(
        "date-not-changed", "this row went out before, while others in the file are new",
        entry="change the date of the row and hand the file in again, or remove the row",
    ),
    _plan(
        "edited-after-submission", "the row was changed after it was scheduled", rules=False,
        entry="the provider cannot change it: delete the Id named above in the dashboard, run "
        "campaign-batch reconcile, then hand the file in again; for a second sending give the row a new Reference",
    ),
    _plan(
        "deleted-in-dashboard", "this campaign was scheduled and then deleted at the provider", rules=False,
        entry="it was deleted on purpose? then drop it here too: "
        'campaign-batch resolve {entry} --drop --why "..."; to send it anyway: --send',
    ),
    _both(_plan(
        "in-doubt", "an earlier version of this row may or may not have arrived", rules=False, allow=False,
        step="run campaign-batch resume, then hand the file in again",
    )),
    _plan(
        "looks-edited", "the provider holds a campaign that looks like an earlier version of this row", rules=False,
        step="if it is an earlier version, delete it in the dashboard; else send it anyway with --allow",
    ),
    _plan(
        "too-many-errors", "too many rows of the file have errors, so nothing goes",
        entry="fix the rows with errors and hand the file in again: then these are sent as well",
    ),
)  # fmt: skip

RULES = (
    # Made by core/validate, checks of the rendered text among them.
    _hard("name-missing", "the campaign has no name", "fill in CampaignName"),
    _hard("cell-too-long", "a name, reference, subject, owner or list of groups is too long", "shorten the cell"),
    _hard("groups-missing", "no group is named", "fill in GroupIds"),
    _hard("group-id-invalid", "a group id is not a positive whole number", _FIX),
    _hard("group-unknown", "no group of the account has this name or id", "correct it as the dashboard shows it"),
    _hard("group-ambiguous", "the account has two groups that could be meant", "write the group's id"),
    _hard(
        "groups-not-readable", "the account's groups could not be read, so names could not be matched to ids",
        "write the ids",
    ),
    _soft("group-twice", _W, "a group is named twice in one row; it gets one text", "remove one of them"),
    _soft("group-not-looked-up", _W, "a group's name could not be looked up offline", "check again with --online"),
    _hard("time-empty", "there is no send time; an empty time never means now", "fill in the date and the time"),
    _hard("time-missing", "there is a date without a time of day", "add the time"),
    _hard("time-unreadable", "the send time is not in a form that can be read", "write it like 2026-12-01 09:00"),
    _hard("date-order-unclear", "the date reads in two ways, and `date_order` is not set", "set date_order"),
    _hard("zone-unknown", "the time zone is not known", "write it like America/Chicago"),
    _hard("time-in-gap", "the clock skips this time when daylight saving begins", "choose another time"),
    _hard("time-doubled", "the clock shows this time twice when daylight saving ends", "choose another time"),
    _hard(
        "time-doubled-at-provider", "the provider's clock shows this time twice when daylight saving ends",
        "choose another time",
    ),
    _hard("time-past", "the send time is in the past", "enter a future time"),
    _hard("lead-time", "the send time is closer than `lead_minutes`", "enter a later time"),
    _soft("too-far-ahead", _E, "the send time is more than `horizon_days` ahead", "check the year"),
    _hard("type-recipients-invalid", "TypeRecipients is neither 0, 1, single nor double", _FIX),
    _hard("template-unknown", "no MMS template of the account has this name or id", "correct the name or the id"),
    _hard("template-ambiguous", "two MMS templates of the account have this name", "write the template's id"),
    _hard("templates-not-readable", "the account's MMS templates could not be read", "write the ids, or try again"),
    _soft("template-not-looked-up", _W, "an MMS template's name could not be looked up offline", "check with --online"),
    _hard("mms-only", "Subject or MmsHighResolution is set without an MMS template", "add MmsTemplateId, or clear it"),
    _hard("mms-high-resolution-invalid", "MmsHighResolution is neither 0 nor 1", _FIX),
    _soft("expected-contacts-invalid", _E, "ExpectedContacts is not a whole number", _FIX),
    _soft("purpose-invalid", _E, "Purpose is neither marketing, information nor emergency", _FIX),
    _hard("row-repeated", "an earlier row of the file says the same", "delete one of the two rows"),
    _hard("same-key-twice", "two rows of the file are one campaign with different content", "give each a Reference"),
    _soft(
        "quiet-hours", _H, "the send time is in the quiet hours of the row's zone",
        entry_step='choose another hour, or send it anyway: campaign-batch resolve {entry} --send --why "..."',
    ),
    _soft(
        "quiet-hours-there", _H, "the send time is outside a group's hours at the recipients' place",
        "choose another hour",
    ),
    _soft("day-not-allowed", _H, "a group is not texted on this weekday", "choose another day"),
    _soft(
        "group-guard-unknown", _H, "a [groups] section of the settings matches no group of the account",
        "write the section's name as the dashboard shows it",
    ),
    _soft("purpose-not-agreed", _E, "a group did not opt in to this purpose", "remove the group from the row"),
    _soft("blackout-day", _H, "the send time is in one of the team's own blackout days or hours", "choose another"),
    _soft("holiday", _W, "the send date is a public holiday", "choose another day unless you mean it"),
    _soft("brand-missing", _E, "the text does not name the brand", "name the brand in the text"),
    _soft("no-opt-out", _W, "the text does not say how to opt out", "add how to opt out, like Reply STOP to opt out"),
    _soft("costly-characters", _W, "characters that make the text travel in more parts", "use the plain characters"),
    _soft("mojibake", _W, "a text that was decoded twice (donâ€™t was don’t)", "type the damaged characters again"),
    _soft("many-parts", _W, "the text travels in more parts than `max_parts`", "shorten the text"),
    _soft("placeholder", _H, "a field or placeholder was left in the text or subject", "replace the placeholder"),
    _soft("date-in-text", _W, "a weekday or date in the text does not fit the send date", "correct the wrong one"),
    _soft("short-link", _W, "a shared link shortener, which carriers like to block", "use a link of your own domain"),
    _soft("forbidden-subject", _W, "a word from the subjects that carriers forbid or restrict", "change the text"),
    _soft("word-listed", _W, "a word from the team's own list", "use another word"),
    _soft(
        "expected-contacts-differ", _W, "the groups' size is not what ExpectedContacts says", entry_step=_COMPARE
    ),
    _soft("group-name-moved", _H, "a group's name meant another id before", "check the group in the dashboard"),
    _soft("often-texted", _W, "the same people get many texts in a day or week", "move or drop one of them"),
    _soft("file-other-week", _W, "the file is named for another week than its dates", "check the dates"),
    _soft("offer-as-before", _W, "the same offer went out in the week before", "check the offer"),
    _hard("group-missing", "a group that the row waited for was deleted", "write the right id", Level.HOLD),
    _waits("group-empty", "a group has no contacts; the row waits", "add contacts to the group"),
    _waits("template-not-approved", "the MMS template is not approved; the row waits", "have the provider approve it"),
    _waits("credits-short", "there are not enough credits for this row; it waits", "buy credits"),
)  # fmt: skip

AFTER = (
    # Made after planning: by answers, approvals, changed settings.
    _hard("refused", "the provider refused the row and names this field", "change what the provider names"),
    _held("waits", "the row waits for something outside the sheet", "", "see what it waits for; it is tried again"),
    _held("too-late", "it could not go in time", "give the row a new time and hand the file in again, or remove it"),
    _held(
        "rejected-by-person", "a second person rejected the row",
        "fix the row and hand the file in again: it is shown for approval again",
    ),
    _held(
        "not-as-approved", "the row is not as it was approved",
        "hand the file in again, and approve the preview that comes of it",
    ),
    _held(
        "settings-changed", "the settings changed since the row was read",
        "submit its file again: it is read with today's settings",
    ),
    _held(
        "edited-since", "a newer version of the file changed the row",
        "drop the newer file again: its row takes the place of this one",
    ),
    _both(_held(
        "held-twice", "the provider holds the same campaign twice",
        "a duplicate exists: delete one of the two in the dashboard now; if this row is held, then type "
        "campaign-batch resolve {entry} --accepted ID with the other one, else run campaign-batch reconcile",
    )),
    _held(
        "looks-alike", "the provider holds a campaign that may be this row",
        "look for it in the dashboard: if it is this one, campaign-batch resolve {entry} --accepted ID; "
        "if not, --not-sent",
    ),
    _held("no-tag", "it may have arrived, and its name has no tag to find it by", _LOOK_FOR),
    _held("tried-often", "it was tried several times and never seen at the provider", _LOOK_FOR),
    _held("dropped-in-doubt", "a person dropped it while nobody knew whether it had arrived", "", "look for it there"),
    _note("gone-from-sheet", "the row is scheduled, but not in the newest file", "cancel it, or leave it"),
    _both(replace(_note("drifted", "what the provider holds differs from what was submitted", ""),
        entry_step="open Id {id} in the dashboard: it is not what the sheet says")),
)  # fmt: skip

FOUND = (
    # Made by core/reconcile, and only on findings.
    _found("missing", "the provider lists it neither as scheduled nor as sent", "look for the Id in the dashboard"),
    _found("not-proven", "the campaign is not on the lists, but they do not prove that it is gone", "compare later"),
    _found("cancelled", "the lists confirm that the campaign was cancelled", "nothing"),
    _found(
        "no-contacts", "the provider counts no contacts: nobody would get it",
        entry_step="look at the group in the dashboard",
    ),
    _found("contacts-changed", "the number of contacts changed since it was accepted", entry_step=_COMPARE),
    _found("contacts-differ", "the number of contacts is not what the row expects", entry_step=_COMPARE),
    _found("not-approved", "the campaign is at the provider but not approved", "see in the dashboard what to do"),
    _found("status-moved", "the provider's status of the campaign changed", "nothing"),
    _found("went-out", "a campaign that was to be cancelled was sent", "tell whoever wanted it cancelled"),
    _found("still-there", "a campaign that was to be cancelled is still scheduled", "delete it in the dashboard"),
    _found(
        "not-counted", "the provider holds a campaign of ours that the ledger does not count",
        entry_step="the provider holds a campaign of ours that the ledger does not count: look at it in the dashboard",
    ),
    _found("other-ledger", "another ledger works on this account", "find out who"),
    _found("maybe-other-ledger", "another ledger may work on this account", "find out who, or acknowledge it"),
    _found("made-elsewhere", "the campaign was made elsewhere", "reconcile --acknowledge, if you know it"),
)  # fmt: skip

AFTER_GROUP, FOUND_GROUP = "After submission", "Comparing"
_HEAD = "| Code | Level | Changed by | Meaning | Next step |\n|---|---|---|---|---|"
GROUPS: Mapping[str, tuple[Code, ...]] = {
    "Reading the sheet": SHEET,
    "The text": TEXT,
    "Nothing twice": PLAN,
    "The checks": RULES,
    AFTER_GROUP: AFTER,
    FOUND_GROUP: FOUND,
}
CODES: Mapping[str, Code] = {code.name: replace(code, group=group) for group, codes in GROUPS.items() for code in codes}
"""Every code, by name."""

PLAN_CODES = frozenset(code.name for code in PLAN)
"""What the plan gives; of several holds it says most."""
NAMED = {name: code for name, code in CODES.items() if code.group in {"The text", "Nothing twice", "The checks"}}
"""What `[rules]` and `--allow` know by name."""
NAMED["hidden-unknown"] = CODES["hidden-unknown"]
ALL_CODES: Mapping[str, str] = {name: code.meaning for name, code in NAMED.items()}
HARD = frozenset(name for name, code in NAMED.items() if not code.by_rules)
"""Codes whose level `[rules]` may not change."""
ALLOWED = tuple(sorted({name for name, code in NAMED.items() if code.by_allow} | {"hidden-unknown"}))
"""The codes that `--allow` may let through, where they hold a row."""
NEVER_LET_GO = frozenset(code.name for code in PLAN if not code.by_allow)
"""What not even a person lets go before the doubt is settled."""

CODES_THAT_NEED_A_PERSON = frozenset(
    {"drifted", "tag-lost", "no-contacts", "contacts-differ", "expected-contacts-differ", "still-there"}
)
"""Issues of an accepted campaign that are more than a remark."""
WAIT_CODES = frozenset({"group-empty", "template-not-approved", "credits-short"})
"""What a row waits for."""
NEXT_BY_CODE: Mapping[str, str] = {name: code.entry_step for name, code in CODES.items() if code.entry_step}
"""What to do about an entry that is held or accepted, by its code; `{entry}` and `{id}` are filled in."""


def family(name: str) -> frozenset[str]:
    """Give a code and those that say the same of another place: `quiet-hours` has `quiet-hours-there`."""
    return frozenset({name, *(code for code in NAMED if code.startswith(f"{name}-"))})


def widen(names: Iterable[str]) -> frozenset[str]:
    """Add to each code those of its family."""
    return frozenset(code for name in names for code in family(name))


def allow_help() -> str:
    """Name every code that `--allow` takes, none broken at its hyphen: `\\b` keeps the lines as they are."""
    names = "\n".join(wrap(", ".join(ALLOWED), 54, break_on_hyphens=False))
    return f"Send rows anyway that are held for this code (repeatable):\n\n\b\n{names}"


def why_fixed(name: str) -> str:
    """Say why `[rules]` may not change a code, and what to do instead."""
    if (code := CODES.get(name)) is not None and code.by_allow:
        return f"a person decides it for each row: remove it, and use submit --allow {name} or resolve --send"
    return "without it no campaign can be trusted; remove it"


def why_not_allowed(name: str) -> str:
    """Say why `--allow` does not take a code, and what to do instead."""
    step = f": {code.step}" if (code := CODES[name]).step else ""
    if name in NEVER_LET_GO:
        return f"nobody knows whether an earlier version arrived{step}"
    if code.group in {AFTER_GROUP, FOUND_GROUP}:
        return f"it is about a campaign after it was submitted, not about a row that waits{step}"
    if code.level is Level.ERROR:
        return f"a row with this error cannot be sent{step}"
    return f"no row is on hold for it{step}"


def table() -> str:
    """Write the register as Markdown, a table a group."""
    return "\n\n".join(
        "\n".join((f"**{group}**\n", _HEAD, *rows))
        for group in GROUPS
        if (rows := [_row(code) for code in CODES.values() if code.group == group])
    )


def _row(code: Code) -> str:
    level = code.level.value if code.level else "finding"
    who = ", ".join(word for word, yes in (("`[rules]`", code.by_rules), ("`--allow`", code.name in ALLOWED)) if yes)
    return f"| `{code.name}` | {level} | {who} | {code.meaning} | {code.step} |"
