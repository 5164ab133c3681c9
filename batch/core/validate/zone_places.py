"""Finds the time zones of a place that people name instead: `CT`, `Chicago`, `Texas`."""

from __future__ import annotations

from zoneinfo import available_timezones

from batch.core.identity import fold
from batch.core.validate.zones import find_zone

_STATES = {
    "America/New_York": (
        "Connecticut, Delaware, Florida, Georgia, Indiana, Kentucky, Maine, Maryland, Massachusetts, Michigan, "
        "New Hampshire, New Jersey, New York, North Carolina, Ohio, Pennsylvania, Rhode Island, South Carolina, "
        "Vermont, Virginia, Washington DC, West Virginia"
    ),
    "America/Chicago": (
        "Alabama, Arkansas, Illinois, Iowa, Kansas, Louisiana, Minnesota, Mississippi, Missouri, Nebraska, "
        "North Dakota, Oklahoma, South Dakota, Tennessee, Texas, Wisconsin"
    ),
    "America/Denver": "Colorado, Idaho, Montana, New Mexico, Utah, Wyoming",
    "America/Phoenix": "Arizona",
    "America/Los_Angeles": "California, Nevada, Oregon, Washington",
    "America/Anchorage": "Alaska",
    "Pacific/Honolulu": "Hawaii",
}
"""Where most people of each state live."""
_ALSO = {
    "America/Chicago": "Florida, Indiana, Kentucky, Michigan",
    "America/New_York": "Tennessee",
    "America/Denver": "Kansas, Nebraska, North Dakota, Oregon, South Dakota, Texas",
    "America/Los_Angeles": "Idaho",
}
"""The states of which a part has another zone (https://www.transportation.gov/regulations/time-act)."""


_CITIES = {
    "America/New_York": (
        "Atlanta, Baltimore, Boston, Brooklyn, Buffalo, Charlotte, Cincinnati, Cleveland, Columbus, Jacksonville, "
        "Miami, Newark, NYC, Orlando, Philadelphia, Pittsburgh, Raleigh, Richmond, Tampa, Washington, Washington D.C."
    ),
    "America/Chicago": (
        "Austin, Dallas, Dallas-Fort Worth, DFW, Fort Worth, Houston, Kansas City, Memphis, Milwaukee, Minneapolis, "
        "Nashville, New Orleans, Oklahoma City, Omaha, Plano, San Antonio, St. Louis, Tulsa"
    ),
    "America/Denver": "Albuquerque, Colorado Springs, El Paso, Salt Lake City",
    "America/Phoenix": "Mesa, Tucson",
    "America/Los_Angeles": (
        "Fresno, LA, Las Vegas, Long Beach, Oakland, Portland, Reno, Sacramento, San Diego, San Francisco, San Jose, "
        "Seattle"
    ),
}
"""The large cities after which no zone is called."""


def zones_of_place(text: str) -> tuple[str, ...]:
    """Give the zones that a place may mean, the one of most people first; none for a place that nobody knows."""
    plain = fold(text)
    tables = (_STATES, _ALSO, _CITIES)
    if known := [zone for table in tables for zone, names in table.items() if plain in _split(names)]:
        return tuple(known)
    if zone := find_zone(text):
        return (zone.key,)
    city = plain.replace(" ", "_")
    found = sorted(name for name in available_timezones() if fold(name.rpartition("/")[2]) == city and "/" in name)
    return tuple(name for name in found if not name.startswith(("posix/", "right/", "US/", "Etc/")))[:3]


def _split(names: str) -> frozenset[str]:
    return frozenset(fold(name) for name in names.split(","))
