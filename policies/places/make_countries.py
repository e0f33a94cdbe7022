#!/usr/bin/env python3
"""Writes countries.yaml: which zones are in use in each country, from the system's zone.tab.

    /usr/bin/python3 policies/places/make_countries.py >policies/places/countries.yaml

zone.tab is part of the IANA time zone database and in the public domain.
"""
import collections

zones = collections.defaultdict(list)
with open("/usr/share/zoneinfo/zone.tab", encoding="utf-8") as table:
    for line in table:
        if line.startswith("#"):
            continue
        country, _, zone = line.rstrip("\n").split("\t")[:3]
        zones[country].append(zone)

print("# Which zones are in use in each country (ISO 3166-1). Made by make_countries.py from the")
print("# system's zone.tab, a part of the IANA time zone database (public domain).")
print("countries:")
for country in sorted(zones):
    # Quoted: a bare NO is a word to us, but not to every reader.
    print(f"  '{country}': [{', '.join(sorted(zones[country]))}]")
