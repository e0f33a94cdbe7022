"""Where somebody may be: the jurisdictions whose packs bind, and the zones whose clocks count."""

import pathlib

import yaml

from facts import Unsupported

# A declared zone counts this long (docs/policies.md).
DECLARED_DAYS = 90
# Lines whose number says nothing about where its owner is.
PLACELESS = {"toll_free", "premium", "personal_number", "satellite"}
# Calling codes that this reference can tell the country of; another one is Unsupported. Those of
# the North American plan need the area code.
CALLING_CODES = {"44": "GB", "61": "AU", "886": "TW", "81": "JP", "65": "SG", "34": "ES",
                 "351": "PT", "49": "DE", "33": "FR", "91": "IN", "55": "BR", "62": "ID"}
AREA_CODES = {"614": "US", "202": "US", "212": "US", "312": "US", "907": "US", "808": "US",
              "416": "CA", "709": "CA", "604": "CA", "800": None, "888": None}


# The C parser is faster; PyPy, which is worth using for long runs, has none.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=LOADER)


class Places:
    def __init__(self, folder):
        self.countries, self.subdivisions, self.prefixes = {}, {}, {}
        aliases = {}
        for path in sorted(pathlib.Path(folder).glob("*.yaml")):
            document = read_yaml(path)
            unread = set(document) - {"countries", "subdivisions", "aliases"}
            if unread:
                raise Unsupported(f"{path}: {sorted(unread)}")
            self.countries.update(document.get("countries") or {})
            for name, known in (document.get("subdivisions") or {}).items():
                if isinstance(known, list):
                    known = {"zones": known}
                unread = set(known) - {"zones", "postal", "cities"}
                if unread:
                    raise Unsupported(f"{path}: {name}: {sorted(unread)}")
                self.subdivisions[name] = known
            aliases.update(document.get("aliases") or {})
        for line in (pathlib.Path(folder) / "phone-prefix-time-zones.txt").read_text().splitlines():
            if line and not line.startswith("#"):
                prefix, zones = line.split("|")
                self.prefixes[prefix] = frozenset(aliases.get(z, z) for z in zones.split("&"))

    # -- zones --

    def of_address(self, place):
        """(zones of an address, whether it is known down to its zone)."""
        if place["zone"]:
            return frozenset([place["zone"]]), True
        known = self.subdivisions.get(place["subdivision"] or "")
        if known is None:
            zones = frozenset(self.countries.get(place["country"], []))
        else:
            zones = frozenset(known["zones"])
            for length in range(len(place["postal_code"] or ""), 0, -1):
                narrower = (known.get("postal") or {}).get(place["postal_code"][:length])
                if narrower:
                    zones = frozenset(narrower)
                    break
        return zones, len(zones) == 1

    def of_number(self, value):
        """(zones of a phone number, whether its prefix names no more than a country)."""
        digits = value.lstrip("+")
        for length in range(len(digits), 0, -1):
            zones = self.prefixes.get(digits[:length])
            if zones is not None:
                country = self.country_of_number(value)
                code = "1" if digits.startswith("1") else next(
                    (c for c in CALLING_CODES if digits.startswith(c)), None)
                whole = frozenset(self.countries.get(country, [])) if country else None
                return zones, digits[:length] == code or zones == whole
        return frozenset(), True

    @staticmethod
    def country_of_number(value):
        digits = value.lstrip("+")
        if digits.startswith("1"):
            if digits[1:4] not in AREA_CODES:
                raise Unsupported(f"area code {digits[1:4]}")
            return AREA_CODES[digits[1:4]]
        for code, country in CALLING_CODES.items():
            if digits.startswith(code):
                return country
        raise Unsupported("a calling code")

    # -- jurisdictions --

    def jurisdictions_of(self, place):
        """(codes that an address is in, codes whose parts it may be in because nothing finer was
        said)."""
        found, open_below = {place["country"]}, set()
        if place["subdivision"]:
            found.add(place["subdivision"])
            known = self.subdivisions.get(place["subdivision"]) or {}
            cities = known.get("cities") or {}
            if place["city"] and place["city"] in cities:
                found.add(f"{place['subdivision']}-{cities[place['city']]}")
        else:
            open_below.add(place["country"])
        return found, open_below


def whereabouts(question, now, over):
    """What the borrower said of where they are that is still in force, oldest first. `over(event)`
    tells whether a last day has passed."""
    return [event for event in question.history
            if event.name == "whereabouts" and event.known_at <= now
            and not (event.until is not None and now >= event.until)
            and not (event.last_day is not None and over(event))]
