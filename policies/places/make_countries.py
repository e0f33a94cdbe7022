#!/usr/bin/env python3
"""Writes countries.yaml: which zones are in use in each country, from the system's zone.tab, and the
older names of zones that the list of phone prefixes uses.

    /usr/bin/python3 policies/places/make_countries.py >policies/places/countries.yaml

zone.tab is part of the IANA time zone database and in the public domain.
"""
import collections
import pathlib

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

# Names that the list of phone prefixes still uses, and the database has since given another one.
used = set()
with open(pathlib.Path(__file__).with_name("phone-prefix-time-zones.txt"), encoding="utf-8") as table:
    for line in table:
        if not line.startswith("#") and "|" in line:
            used |= set(line.rstrip("\n").split("|")[1].split("&"))
current = {zone for names in zones.values() for zone in names}
# The database joins zones that were alike since 1970 across borders, and its links then lead abroad;
# these four are what its file `backward` says of the names themselves.
RENAMED = {"Africa/Asmera": "Africa/Asmara", "Asia/Rangoon": "Asia/Yangon",
           "Pacific/Ponape": "Pacific/Pohnpei", "Pacific/Truk": "Pacific/Chuuk"}
with open("/usr/share/zoneinfo/tzdata.zi", encoding="utf-8") as database:
    links = dict(reversed(line.split()[1:3]) for line in database if line.startswith("L "))
joined = {target for name, target in links.items() if name in current}
print("# Older names of zones, as the list of phone prefixes writes them.")
print("aliases:")
for old in sorted(used - current):
    name = RENAMED.get(old, links.get(old))
    if name in current and (old in RENAMED or name not in joined):
        print(f"  {old}: {name}")
