"""Write the software bill of materials (CycloneDX 1.5, JSON) of what the program needs, with licenses."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from batch import __version__

ROOT = Path(__file__).parent.parent
OUT = ROOT / "dist" / "bom.cdx.json"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def main() -> int:
    """Write the bill; list what has no known license."""
    components = sorted(
        _components((ROOT / "constraints.txt").read_text(encoding="utf-8")), key=lambda one: one["name"]
    )
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "campaign-batch", "version": __version__}},
        "components": components,
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(bill, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for one in components:
        sys.stdout.write(f"{one['name']} {one['version']}: {one['licenses'][0]['license']['name']}\n")
    return 0


def _components(text: str) -> Iterator[dict[str, object]]:
    pins = list(_PIN.finditer(text))
    for place, pin in enumerate(pins):
        end = pins[place + 1].start() if place + 1 < len(pins) else len(text)
        name, version = pin[1].lower(), pin[2]
        yield {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "licenses": [{"license": {"name": _license(name)}}],
            # Of each file that the registry has of this version: which of them is installed depends on the machine.
            "properties": [
                {"name": "sha256 of a file of it", "value": found} for found in _HASH.findall(text[pin.start() : end])
            ],
        }


def _license(name: str) -> str:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return "not installed on this system"
    return _told(found) or "not told by its metadata"


def _told(found: Distribution) -> str:
    """Read a license in the order of trust: the expression, the classifiers, the first line of the old field."""
    meta = found.metadata
    if expression := meta.get("License-Expression"):
        return str(expression)
    classified = [one.rpartition(" :: ")[2] for one in meta.get_all("Classifier") or () if one.startswith("License")]
    old = str(meta.get("License") or "").strip().partition("\n")[0][:80]
    return ", ".join(one for one in classified if one != "OSI Approved") or old


if __name__ == "__main__":
    sys.exit(main())
