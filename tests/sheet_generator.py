"""Make spreadsheets at random, the way teams fill them, and know which campaign was put where."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from cases_support import HEADER
from ods_support import write_ods
from sheet_support import Book, Cell, E, F, N, Sheet, X
from xls_support import write_xls

ALIASES = {
    "CampaignName": ("CampaignName", "Campaign", "Name", "campaign name", "CAMPAIGN_NAME", "Campaign\u00a0Name"),
    "Message": ("Message", "message ", "MESSAGE"),
    "GroupIds": ("GroupIds", "Groups", "Group Ids", "Send to", "group_id", "\ufeffGroupIds"),
    "DateTime": ("DateTime", "Send At", "Schedule", "date time"),
    "Offer": ("Offer", "Offer\u200b", "offer"),
}
TYPOS = {"CampaignName": "Campain Nam", "Message": "Mesage", "GroupIds": "Grops", "DateTime": "Dat-Tme"}
SPOILT = ("#N/A", "#REF!", "####", "=A1+1", "Err:508")
START = datetime(2026, 12, 1, 9)  # noqa: DTZ001 cells know no zone


@dataclass
class Made:
    """One file, and what must come of it."""

    path: Path
    good: dict[str, str] = field(default_factory=dict)
    """Name to group of each campaign that must come out."""
    spoilt: set[str] = field(default_factory=set)
    """Names of those that must be named with an error."""
    hidden: int = 0
    """How many stand in hidden rows."""
    tabs: dict[str, int] = field(default_factory=dict)
    """Hidden tabs with campaigns, and how many."""
    lost: tuple[str, ...] = ()
    """Words of which one must stand in the refusal; empty when the file must be read."""


class Maker:
    """Makes one file from one seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._chance = Random(seed)
        self._count = 0
        kind = self._chance.choice(("csv", "csv", "xlsx", "xlsx", "xlsx", "xlsx", "xls", "ods"))
        self.made = Made(folder / f"made-{seed}.{kind}")
        self._fields = list(HEADER)
        self._chance.shuffle(self._fields)
        self._extra = self._chance.randint(0, 3)
        self._stores = ["Plano", "Waco", "Reno"][: self._chance.randint(1, 3)]
        self._lists = kind == "xlsx" and self._chance.random() < 0.25

    def make(self) -> Made:
        """Write the file and give what must come of it."""
        header = [self._chance.choice(ALIASES[name]) for name in self._fields] + [
            f"Note {n}" for n in range(self._extra)
        ]
        header += ["ForEach"] if self._lists else []
        rows: list[tuple[Cell, ...]] = [tuple(header)]
        hidden: list[int] = []
        for _ in range(self._chance.randint(1, 6)):
            at = self._chance.random()
            if at < 0.1:
                rows.append(())
            elif at < 0.2 and self.made.path.suffix == ".xlsx":
                rows.append(self._campaign(keep=False))
                hidden.append(len(rows))
                self.made.hidden += 1
            else:
                rows.append(self._campaign(spoil=at > 0.85))
        rows, first = self._put_above(rows)
        hidden = [number + first for number in hidden]
        if self.made.path.suffix == ".csv":
            self._write_csv(rows)
        elif self.made.path.suffix in {".xls", ".ods"}:
            write = write_xls if self.made.path.suffix == ".xls" else write_ods
            groups = [("Name", "Id"), ("Dallas stores", "100")]
            write(self.made.path, [("Main", [[str(cell) for cell in row] for row in rows], 0), ("Groups", groups, 0)])
        else:
            merges = ("A1:D1",) if first and len(rows[0]) == 1 else ()
            main = Sheet(rows, name="Main", hidden_rows=tuple(hidden), merges=merges)
            sheets = [main, *self._other_tabs(header)]
            self._chance.shuffle(sheets)
            Book(sheets, inline=self._chance.random() < 0.3).save(self.made.path)
        return self.made

    def _campaign(self, *, spoil: bool = False, keep: bool = True) -> tuple[Cell, ...]:
        self._count += 1
        name, group = f"C{self._count}", str(100 + self._count)
        when = START + timedelta(days=self._count, minutes=self._chance.randint(0, 500))
        cells: dict[str, Cell] = {
            "CampaignName": self._around(name), "Message": "Sale: {{ Offer }} today. Reply STOP to opt out",
            "GroupIds": self._group(group), "DateTime": self._when(when), "Offer": self._offer(f"deal {name}"),
        }  # fmt: skip
        if spoil:
            field = self._chance.choice([one for one in HEADER if one != "CampaignName"])
            cells[field] = self._spoil()
            self.made.spoilt.add(name)
        elif keep:
            self.made.good[name] = group
        more = tuple(self._chance.choice(("", "a note", 7)) for _ in range(self._extra))
        if self._lists:
            more += ("Stores" if keep and not spoil and self._expand(name, cells) else "",)
        return (*(cells[one] for one in self._fields), *more)

    def _expand(self, name: str, cells: dict[str, Cell]) -> bool:
        """Let a row be one campaign for each store, at times: each must come out."""
        if self._chance.random() < 0.5:
            return False
        cells["GroupIds"] = ""
        del self.made.good[name]
        self.made.good |= {f"{name} - {store}": str(900 + at) for at, store in enumerate(self._stores)}
        return True

    def _spoil(self) -> Cell:
        if self.made.path.suffix != ".xlsx":
            return self._chance.choice(SPOILT)
        return self._chance.choice((*SPOILT, E("#N/A"), F("A1"), X('<c r="{r}" t="str"><f>A1</f></c>')))

    def _around(self, text: str) -> str:
        odd = self._chance.choice(("", "", "", " ", "\u00a0", "\u200b", "\ufeff"))
        return odd + text + self._chance.choice(("", odd))

    def _offer(self, offer: str) -> Cell:
        """Write it out, or as a formula that was calculated."""
        if self.made.path.suffix == ".xlsx" and self._chance.random() < 0.2:
            return F('"deal "&A2', offer)
        return offer

    def _group(self, group: str) -> Cell:
        written: tuple[Cell, ...] = (group, f" {group}", f"\ufeff{group}", f'="{group}"')
        if self.made.path.suffix == ".xlsx":
            written += (int(group), N(int(group), "0"), N(int(group), "0;-0;@"), N(int(group), "@"))
        return self._chance.choice(written)

    def _when(self, when: datetime) -> Cell:
        if self.made.path.suffix == ".xlsx" and self._chance.random() < 0.4:
            serial = (when - datetime(1899, 12, 30)).total_seconds() / 86_400  # noqa: DTZ001 cells know no zone
            return N(serial, self._chance.choice(("m/d/yyyy h:mm", "yyyy-mm-dd hh:mm", "[$-409]m/d/yy h:mm AM/PM;@")))
        forms = (
            "%Y-%m-%d %H:%M",
            "%m/%d/%Y %I:%M %p",
            "%b %d, %Y %I:%M %p",
            "%m/%d/%Y %I:%M\u202f%p",
            "%d-%b-%Y %H:%M",
        )
        return when.strftime(self._chance.choice(forms))

    def _put_above(self, rows: list[tuple[Cell, ...]]) -> tuple[list[tuple[Cell, ...]], int]:
        """Put a title above the header, or, as a sort does, campaigns."""
        at = self._chance.random()
        if at < 0.2:
            above: list[tuple[Cell, ...]] = [("Week 48 campaigns",), ()][: self._chance.randint(1, 2)]
        elif at < 0.3:
            above = [self._campaign() for _ in range(self._chance.randint(1, 3))]
            self.made.lost += ("above the header",)
        else:
            above = []
        return [*above, *rows], len(above)

    def _other_tabs(self, header: list[str]) -> list[Sheet]:
        sheets = []
        at = self._chance.random()
        if at < 0.15:
            field = self._chance.choice(tuple(TYPOS))
            typo = [
                TYPOS[field] if name == field else written for name, written in zip(self._fields, header, strict=False)
            ]
            sheets.append(Sheet([tuple(typo), self._campaign(), self._campaign()], name="Typo"))
            self.made.lost += ('"Typo"',)
        elif at < 0.25:
            sheets.append(Sheet([self._campaign(), self._campaign()], name="Bare"))
            self.made.lost += ('"Bare"',)
        elif at < 0.35:
            sheets.append(Sheet([tuple(header), self._campaign()], name="Second"))
            self.made.lost += ("2 sheets hold campaigns",)
        if self._chance.random() < 0.2:
            old = [self._campaign(keep=False) for _ in range(self._chance.randint(1, 4))]
            sheets.append(Sheet([tuple(header), *old], name="Old", state="hidden"))
            self.made.tabs["Old"] = len(old)
        if self._lists:
            stores = [(store, str(900 + at)) for at, store in enumerate(self._stores)]
            sheets.append(
                Sheet([("Name", "GroupIds"), *stores], name="Stores", state=self._chance.choice(("", "hidden")))
            )
        if self._chance.random() < 0.3:
            sheets.append(Sheet([("Name", "Id"), ("Dallas stores", "100")], name="Groups"))
        return sheets

    def _write_csv(self, rows: list[tuple[Cell, ...]]) -> None:
        by = self._chance.choice((",", ",", ";", "\t"))
        width = len(self._fields) + self._extra
        full = [[str(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
        lines = [by.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in full]
        text = self._chance.choice(("\r\n", "\n")).join(lines) + self._chance.choice(("", "\r\n", "\r\n\x1a"))
        self.made.path.write_bytes(text.encode(self._chance.choice(("utf-8", "utf-8-sig", "utf-16"))))
