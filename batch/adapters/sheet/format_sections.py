"""Take a number format apart into its sections and their tokens."""

from __future__ import annotations

import re


class FormatSection:
    """One of the parts of a format that semicolons keep apart."""

    __slots__ = (
        "adds_words", "condition", "elapsed", "exponent", "general", "has_date", "has_text", "has_time", "thousands",
        "tokens", "unclear",
    )  # fmt: skip

    def __init__(self, code: str) -> None:
        self.condition: tuple[str, float] | None = None
        self.unclear = self.elapsed = False
        self.tokens = self._read(code)
        kinds = {kind for kind, _ in self.tokens}
        self.general = "general" in kinds
        self.has_text = "text" in kinds
        self.adds_words = any(kind == "lit" and sign.strip() for kind, sign in self.tokens)
        self.exponent = "exp" in kinds
        self.has_date = any(kind == "date" and sign[0] in "ymdb" for kind, sign in self.tokens)
        self.has_time = self.elapsed or any(kind == "date" and sign[0] in "hsAn" for kind, sign in self.tokens)
        self.thousands = self._group_digits()
        if (self.has_date or self.has_time) and "digit" in kinds and not self._only_fraction():
            self.unclear = True

    def _read(self, code: str) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        for match in _TOKEN.finditer(code):
            kind = match.lastgroup or ""
            tokens.extend(self._token(kind, match.group()))
        return _minutes(tokens)

    def _token(self, kind: str, sign: str) -> list[tuple[str, str]]:
        if kind == "bracket":
            return self._bracket(sign[1:-1])
        if kind == "quoted":
            return [("lit", sign[1:].removesuffix('"'))]
        if kind == "escaped":
            return [("lit", sign[1:])]
        if kind == "space":
            return [("lit", " ")]
        if kind == "fill":
            return []
        if kind == "date":
            return [("date", _date_sign(sign))]
        if kind == "odd":
            self.unclear = True
            return []
        return [(kind, sign)]

    def _bracket(self, inner: str) -> list[tuple[str, str]]:
        if match := _CONDITION.fullmatch(inner):
            self.condition = (match[1], float(match[2]))
            return []
        if match := _LOCALE.fullmatch(inner):
            return self._locale(match[1], match[2])
        low = inner.lower()
        if low and low in ("h" * len(low), "m" * len(low), "s" * len(low)):
            self.elapsed = True
            return [("elapsed", low)]
        if not _COLOUR.fullmatch(low):
            self.unclear = True
        return []

    def _locale(self, currency: str, place: str) -> list[tuple[str, str]]:
        code = int(place, 16) if place and re.fullmatch("[0-9A-Fa-f]{1,8}", place) else 0x409
        if currency:
            return [("lit", currency)]
        digits, calendar, system = code >> 24, code >> 16 & 0xFF, code & 0xFFFF in (0xF800, 0xF400)
        self.unclear = self.unclear or system or digits not in (0, 1)
        if calendar not in _GREGORIAN:
            return [("calendar", "")]
        foreign = (code & 0x3FF) not in (0x09, 0x00) and bool(place)
        return [("foreign", "western" if digits == 1 else "")] if foreign else []

    def _group_digits(self) -> bool:
        """Tell thousands commas (between digits) from scaling ones (after the last) and drop the former."""
        digits = [at for at, (kind, _) in enumerate(self.tokens) if kind == "digit"]
        point = next((at for at, (kind, _) in enumerate(self.tokens) if kind == "point"), len(self.tokens))
        whole = [at for at in digits if at < point]
        commas = [at for at, (kind, _) in enumerate(self.tokens) if kind == "comma"]
        between = [at for at in commas if whole and whole[0] < at < whole[-1]]
        for at in commas:
            if at in between:
                self.tokens[at] = ("lit", "")
            elif digits and (at > digits[-1] or (whole and whole[-1] < at < point)):
                self.tokens[at] = ("scale", "")
            else:
                self.tokens[at] = ("lit", ",")
        return bool(between)

    def _only_fraction(self) -> bool:
        """Say whether the digits are the decimals of the seconds (`ss.00`)."""
        kinds = [kind for kind, _ in self.tokens]
        if "point" not in kinds:
            return False
        at = kinds.index("point")
        return at > 0 and self.tokens[at - 1][1][:1] == "s" and "digit" not in kinds[:at]


def _date_sign(sign: str) -> str:
    """Write a sign of dates as the rest of the room knows it; `am/pm` shows capitals, `a/p` shows what it says."""
    if sign[0] in "aA":
        return sign.upper() if len(sign) > 3 else sign
    return sign.lower()


def _minutes(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Tell minutes (after hours, before seconds) from months; both are written with an m."""
    clock = [at for at, (kind, _) in enumerate(tokens) if kind in ("date", "elapsed")]
    for place, at in enumerate(clock):
        sign = tokens[at][1]
        if sign not in ("m", "mm") or tokens[at][0] == "elapsed":
            continue
        before = tokens[clock[place - 1]][1][0] if place else ""
        after = tokens[clock[place + 1]][1][0] if place + 1 < len(clock) else ""
        if before == "h" or after == "s":
            tokens[at] = ("date", "n" * len(sign))
    return tokens


def split_sections(code: str) -> list[str]:
    """Cut a format at its semicolons, but not at those inside quotes or after a backslash."""
    parts = [""]
    for match in _PIECE.finditer(code):
        if match.group() == ";":
            parts.append("")
        else:
            parts[-1] += match.group()
    return parts[:4]


_PIECE = re.compile(r'"[^"]*"?|[\\_*].|\[[^\]]*\]|.', re.S)
_TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*"?)|(?P<escaped>\\.)|(?P<space>_.)|(?P<fill>\*.)|(?P<bracket>\[[^\]]*\])
    |(?P<general>[Gg][Ee][Nn][Ee][Rr][Aa][Ll])|(?P<date>AM/PM|am/pm|A/P|a/p|[yY]+|[mM]+|[dD]+|[hH]+|[sS]+|[bB]{2,})
    |(?P<exp>[Ee][+-])|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<text>@)|(?P<slash>/(?=[0#?1-9]))
    |(?P<lit>[-+/():!^&'~{}<>=$ \u00a0\u00a2-\u00a5\u20a0-\u20bf1-9])|(?P<odd>.)""",
    re.X | re.S,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)")
_LOCALE = re.compile(r"\$([^\]-]*)(?:-([^\]]*))?")
_GREGORIAN = frozenset((0, 1, 2))
"""The calendars of a locale code whose days are ours: https://learn.microsoft.com/windows/win32/intl/calendar-identifiers."""
_COLOUR = re.compile("black|blue|cyan|green|magenta|red|white|yellow|colou?r *[0-9]{1,2}")
