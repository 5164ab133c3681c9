"""Know the provider's addresses: submit a campaign, read its lists, say in words why it cannot be reached."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from batch.adapters.provider.pages import RESTLESS, Page, join_pages, read_paging
from batch.adapters.provider.wire import Call, log, make_request
from batch.core.answers import (
    parse_credits,
    parse_delivery,
    parse_errors,
    parse_groups,
    parse_list,
    parse_templates,
)
from batch.core.hosts import is_loopback
from batch.core.pacing import Pace
from batch.core.payload import from_provider_time
from batch.model import Answer, DeliveryCount, Failure, Group, Listed, Listing, MmsTemplate
from batch.model.errors import BatchError, ProviderError, UsageError
from batch.model.records import dataclass
from batch.model.secret import Secret

Parsed = TypeVar("Parsed")

TOKEN_SETTING = "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN"  # noqa: S105  a setting's name
LONGEST_LIST = 64 << 20
MOST_REFUSALS = 8
PER_PAGE = 100
SUBMIT = "/sms/send-group-schedule-message"
SCHEDULED = "/sms/group-schedule-messages"
SENT = "/sent-history/group-list"
DELIVERY = "/sent-history/group-contacts"
GROUPS = "/groups/index"
TEMPLATES = "/mms-template/index"
CREDITS = "/credits/balance"


class TokenError(ProviderError):
    """The provider refused the token or the account."""

    name = "TokenError"


class AddressError(ProviderError):
    """The provider has no such address."""

    name = "AddressError"


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """One page of the contacts that a sent campaign went to, counted by delivery status."""

    counts: tuple[DeliveryCount, ...]
    page: int
    pages: int | None
    """How many pages there are; None when the provider does not say."""
    mark: str = ""
    """A hash of the page: where no number of pages is announced, one that repeats is the last."""

    @property
    def last(self) -> bool:
        """Whether no page follows, as far as this one tells."""
        if self.pages is not None:
            return self.page >= self.pages
        return sum(count.contacts for count in self.counts) < PER_PAGE


@dataclass(frozen=True, slots=True)
class _Dated:
    """The provider's own time in whole seconds, and between which ticks it was stamped."""

    seconds: float
    asked: float
    answered: float

    def span(self, ticks: float) -> tuple[float, float]:
        """Give the earliest and the latest time that it can be there now."""
        return self.seconds + ticks - self.answered, self.seconds + 1.0 + ticks - self.asked


class Provider:
    """The provider's API at one address with one token; each request has a connection of its own."""

    def __init__(
        self,
        url: str,
        token: Secret,
        *,
        connect_timeout: float = 10.0,
        deadline: float = 45.0,
        proxy: str = "",
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        verify: str | bool = True,
        tries: int = 3,
        patience: float = 15.0,
        longest_pause: float = 900.0,
    ) -> None:
        """`clock` gives seconds since the epoch, `ticks` those of a clock that nobody can set.

        `verify` is True or a file of certificates to trust.

        `tries` and `patience` (seconds) bound a read, `longest_pause` the seconds that it waits after refusals (429).
        """
        self._url, self._host = _check_url(url)
        _check_security(token, verify=verify)
        self._token, self._verify, self._proxy = token, verify, proxy
        self._connect_timeout, self._deadline = connect_timeout, deadline
        self._clock, self._ticks, self._sleep = clock, ticks, sleep
        self._tries, self._patience, self._longest_pause = tries, patience, longest_pause
        self.pace = pace or Pace()
        self._dated: _Dated | None = None
        """The last date that an answer bore."""

    @property
    def host(self) -> str:
        """Who the provider is: host name, and the port where it is an unusual one."""
        return self._host

    def offset(self) -> float | None:
        """Say how many seconds the provider's clock is ahead of ours; None when none of its answers bore a date.

        A date has whole seconds, and is stamped somewhere between question and answer: within that, the clocks agree.
        """
        if self._dated is None:
            return None
        earliest, latest = self._dated.span(self._ticks())
        ours = self._clock()
        return max(earliest - ours, min(0.0, latest - ours))

    def ask_date(self) -> None:
        """Ask something small for the date that its answer bears; failures are not trouble here."""
        self.wait_turn()
        self._get(CREDITS, {}, self._patience / self._tries)

    def turn_in(self) -> float:
        """Say in how many seconds the rate limit lets the next request go; 0 when it may go now."""
        return self.pace.wait(self._clock())

    def wait_turn(self) -> None:
        """Sleep until the rate limit lets the next request go; before the intent is recorded, not after."""
        if (seconds := self.turn_in()) > 0:
            self._sleep(seconds)

    def submit(self, payload: Mapping[str, object], *, still_good: Callable[[], bool] = lambda: True) -> Answer:
        """POST one campaign, once, without waiting for the pace; failures are in the answer, never raised.

        `still_good` is asked with the connection open, before a byte is written; False gives `Failure.TOO_LATE`.
        """
        return self._request(
            Call(
                "POST",
                self._url + SUBMIT,
                payload,
                still_good,
                connect_timeout=self._connect_timeout,
                silence=self._deadline,
                deadline=self._deadline,
            )
        )

    def scheduled(self, *, steady: bool = True) -> Listing:
        """Read the whole list of scheduled campaigns, anew while it changes under the reading.

        Without `steady` it is read once: enough to find a campaign, not to say that it is not there.
        """
        return self._listing(SCHEDULED, lambda: lambda _page: False, tries=self._tries if steady else 1, steady=steady)

    def sent(self, since: datetime | None = None, *, zone: str = "America/New_York") -> Listing:
        """Read the sent history, as far back as `since` where its order is plain, else whole; anew while it changes.

        The provider documents no order. Reading ends early only when everything read so far runs from new to old
        and one whole page lies before `since`; `zone` is the provider's. Such a listing is complete back to `since`.
        """
        return self._listing(SENT, lambda: _Past(since, zone), tries=self._tries, steady=True)

    def groups(self) -> tuple[Group, ...]:
        """Read all groups; raise ProviderError when they cannot be read whole."""
        return self._whole(GROUPS, parse_groups)

    def templates(self) -> tuple[MmsTemplate, ...]:
        """Read all MMS templates; raise ProviderError when they cannot be read whole."""
        return self._whole(TEMPLATES, parse_templates)

    def credits(self) -> int:
        """Read how many credits are left."""
        return self._read(CREDITS, {}, parse_credits)[0]

    def delivery(self, id: str, page: int = 1) -> DeliveryPage:
        """Read one page of the contacts of a sent campaign, counted by status."""
        query = {"id": id} if page == 1 else {"id": id, "page": str(page)}
        counts, answer = self._read(DELIVERY, query, parse_delivery)
        mark = hashlib.sha256(answer.body).hexdigest()
        return DeliveryPage(counts, page, read_paging(answer.headers)[0], mark)

    def _listing(
        self, path: str, until: Callable[[], Callable[[tuple[Listed, ...]], bool]], *, tries: int, steady: bool
    ) -> Listing:
        """Read a list up to `tries` times, until it stands still; `until` makes for each what may end it early."""
        for _ in range(tries):
            read_at = datetime.now(UTC)
            whole = join_pages(
                lambda page: self._page(path, page, parse_list), lambda item: item.id, enough=until(), steady=steady
            )
            if not whole.changed:
                break
        why = RESTLESS.format(times=tries) if whole.changed and tries > 1 else whole.why
        return Listing(whole.items, read_at, not why, why)

    def _whole(self, path: str, parse: Callable[[bytes, str], tuple[Parsed, ...]]) -> tuple[Parsed, ...]:
        whole = join_pages(lambda page: self._page(path, page, parse), lambda item: str(item.id))  # type: ignore[attr-defined]
        if whole.why:
            raise ProviderError(
                f"the list at {self._at(path)} is not complete: {whole.why}", "try again in a minute", code="not-whole"
            )
        return whole.items

    def _page(self, path: str, number: int, parse: Callable[[bytes, str], tuple[Parsed, ...]]) -> Page[Parsed]:
        items, answer = self._read(path, {} if number == 1 else {"page": str(number)}, parse)
        return Page(items, *read_paging(answer.headers))

    def _read(
        self, path: str, query: Mapping[str, str], parse: Callable[[bytes, str], Parsed]
    ) -> tuple[Parsed, Answer]:
        """GET until it can be read: `tries` times within `patience` seconds, waiting for the pace left out."""
        left, pauses = self._patience, self._longest_pause
        tried = refused = 0
        while True:
            self.wait_turn()
            begun = time.monotonic()
            answer = self._get(path, query, left / (self._tries - tried))
            limited = answer.failure is None and answer.status == 429
            if limited and refused < MOST_REFUSALS and (pauses := pauses - self.turn_in()) >= 0:
                refused += 1
                continue
            words, parsed = self._understand(path, answer, parse)
            if parsed is not None:
                return parsed, answer
            tried += 1
            pause = random.uniform(0.5, 1.0) * tried  # noqa: S311  jitter is not a secret
            left -= time.monotonic() - begun + pause
            if tried >= self._tries or left <= 0 or limited:
                code = str(answer.failure.value if answer.failure is not None else answer.status)
                raise ProviderError(words, "try again in a few minutes", code=code, doctor=True)
            self._sleep(pause)

    def _get(self, path: str, query: Mapping[str, str], silence: float) -> Answer:
        url = self._url + path + (f"?{urlencode(query)}" if query else "")
        connect = min(self._connect_timeout, silence)
        return self._request(
            Call(
                "GET",
                url,
                connect_timeout=connect,
                silence=min(silence, self._deadline),
                deadline=self._deadline,
                longest=LONGEST_LIST,
            )
        )

    def _request(self, call: Call) -> Answer:
        self.pace.start(self._clock())
        asked = self._ticks()
        answer = make_request(replace(call, verify=self._verify, proxy=self._proxy), self._token)
        if (date := _read_date(answer.headers.get("date", ""))) is not None:
            self._dated = _Dated(date.timestamp(), asked, self._ticks())
        try:
            self.pace.learn(answer.status, answer.headers, self._clock())
        except BatchError as trouble:
            # A ledger that cannot note the silence must not lose the answer: recording that comes next, and says so.
            log.warning("the pace could not be shared: %s", trouble)
        return answer

    def _understand(
        self, path: str, answer: Answer, parse: Callable[[bytes, str], Parsed]
    ) -> tuple[str, Parsed | None]:
        """Read an answer, or say what is wrong with it; raise what no second try can fix."""
        where = self._at(path)
        if answer.failure is Failure.CERTIFICATE:
            raise ProviderError(
                f"the certificate of {self.host} is wrong: {answer.words}",
                "check [provider] url, the clock of this computer, and what filters its network traffic",
            )
        if answer.failure is not None:
            return f"{where} cannot be reached: {answer.words}", None
        if answer.status != 200:
            _raise_for_good(where, answer)
            return f"{where} answered {answer.status}{_reason(answer)}", None
        try:
            return "", parse(answer.body, answer.headers.get("content-type", ""))
        except ValueError as trouble:
            return f"{where} cannot be read: {trouble}", None

    def _at(self, path: str) -> str:
        return self._host + urlsplit(self._url).path + path


class _Past:
    """Tell when the sent history has been read back far enough; it remembers whether it runs from new to old."""

    def __init__(self, since: datetime | None, zone: str) -> None:
        self._since = since
        self._zone = zone
        self._oldest: datetime | None = None
        self._in_order = True

    def __call__(self, page: tuple[Listed, ...]) -> bool:
        if self._since is None:
            return False
        for item in page:
            moment = from_provider_time(item.send_at, self._zone)
            self._in_order &= moment is not None and (self._oldest is None or moment <= self._oldest)
            self._oldest = moment or self._oldest
        newest = from_provider_time(page[0].send_at, self._zone) if page else None
        return self._in_order and newest is not None and newest < self._since


def _raise_for_good(where: str, answer: Answer) -> None:
    status = answer.status or 0
    if status in {401, 402, 403}:
        raise TokenError(
            f"the provider refused the token or the account ({status}{_reason(answer)}) at {where}",
            f"check {TOKEN_SETTING} and the account in the dashboard",
        )
    if status in {404, 405, 406, 415}:
        raise AddressError(f"the provider does not have this address: {where} ({status})", "check [provider] url")
    if 300 <= status < 400:
        raise AddressError(f"{where} points to another address ({status}) and is not followed", "check [provider] url")
    if status in {400, 422}:
        raise ProviderError(f"the provider refused the question at {where} ({status}{_reason(answer)})", "report this")


def _read_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _reason(answer: Answer) -> str:
    words = "; ".join(words for _field, words in parse_errors(answer.body))
    return f": {words}" if words else ""


def _check_security(token: Secret, *, verify: str | bool) -> None:
    if not token:
        raise UsageError("there is no token for the provider", f"set {TOKEN_SETTING}")
    if verify is False:
        raise UsageError("the provider's certificate is always verified", "give the path of its certificate instead")


def _check_url(url: str) -> tuple[str, str]:
    remedy = "set [provider] url to one like https://api2.protexting.com/v1"
    try:
        parts = urlsplit(url.strip())
        name, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError("the provider's url cannot be read", remedy) from None
    if parts.scheme not in {"http", "https"} or not name:
        raise UsageError("the provider's url is not a web address", remedy)
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError("the provider's url holds more than host and path", remedy)
    if parts.scheme == "http" and not is_loopback(name):
        raise UsageError(f'"http://{name}" would send the token in plain text', "use https://")
    host = f"[{name}]" if ":" in name else name
    usual = port in (None, 443 if parts.scheme == "https" else 80)
    return url.strip().rstrip("/"), host if usual else f"{host}:{port}"
