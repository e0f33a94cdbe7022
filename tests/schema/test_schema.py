#!/usr/bin/env python3
"""The proto of packs, the schemas made from it, the packs and the reader speak one language.

Usage: test_schema.py FORBEAR ROOT
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml
from google.protobuf import json_format

FORBEAR, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
del sys.argv[1:]
POLICIES = ROOT / "policies"
sys.path.insert(0, str(POLICIES / "schema"))
import make_schema  # noqa: E402

# A pack with one rule on trial, and what `policy lint` wants to see around it. Drafts need no
# scenarios.
HOUSE = """pack: house
jurisdiction: '*'
rules:
  - id: house.hours
    status: draft
    cites: ['House rule']
    contact_hours: {windows: [{days: [mon], from: '09:00', to: '20:00'}]}
"""
PACK = """pack: xa
jurisdiction: XA
holidays: [xa-national]
%(periods)s
declares:
  - {name: court_permission, of: file, type: flag, asks: 'Has a court permitted it?'}
  - {name: scrubbed_on, of: tenant, type: date, asks: 'When was the list last checked?'}
  - {name: agents, of: tenant, type: number, asks: 'How many people call?'}
%(switches)s
%(vocabulary)s
%(pack)s
rules:
  - id: xa.law.hours
    status: draft
    cites: [{text: 'Act of XA, s. 1', url: 'https://law.example.com/1'}]
    contact_hours: {windows: [{days: [mon], from: '09:00', to: '20:00'}]}
%(rule)s
"""
PARTS = {
    "pack": "title: Land of XA",
    "periods": "periods: {first_week: {after: {event: notice, notice: first_notice}, wait: {days: 7}}}",
    "switches": "switches: [{name: emergency, active: false, as_of: 2026-01-31}]",
    "vocabulary": "vocabulary: {notices: [last_call], items: [seal, badge], findings: [insult], "
                  "statements: [asked_for_ombudsman], statuses: [prison], products: [boat_loan]}",
}
BODY = """  - id: xa.law.rule
    status: draft
    cites: [{text: 'Act of XA, s. 2'}]
    %s"""
CALENDAR = "years: [2024, 2037]\ndays: [{fixed: '12-25'}]\n"
FACTS = "- id: xa.law.hours\n  jurisdiction: XA\n- id: xa.law.rule\n  jurisdiction: XA\n"

# What schema and reader both take. A row: why, where it stands, the text. `body` is the inside of a
# rule, `rule` a whole one, `calendar` a whole file under holidays/; `pack` are further keys of the
# pack, and the name of one of its parts stands in its place.
GOOD = [
    ("hours with every key", "body", "contact_hours: {calendar: pack, clock: place, windows: [{days: [mon, sun, holiday], from: 08:00, to: '24:00', from_exclusive: true, to_inclusive: false}]}"),
    ("one day and one window without lists", "body", "contact_hours: {clock: {zone: America/New_York}, windows: {days: sat, from: '22:00', to: '06:00'}}"),
    ("somebody else's table alone", "body", "contact_hours: {source: {of: tenant_hours, as: only}}"),
    ("somebody else's table within ours", "body", "contact_hours: {source: {of: borrower_work_hours, as: within}, windows: [{days: [fri], from: '08:00', to: '09:00'}]}"),
    ("closed days", "body", "day_blackout: {days: [sun, holiday], calendar: xa-national, dates: [2026-12-24, '2028-02-29'], occasions: true, clock: contacted}"),
    ("a day of mourning", "body", "day_blackout: {occasions: true}"),
    ("a cap with every key", "body", "frequency_cap: {limit: 3, window: {calendar_week: 1}, counts: messages, scope: [person, debt], of: {channel: written}, by: any, excludes: [{when: {requested: true}, up_to: {limit: 1, per: inbound}, cites: [s. 3]}], persons: [spouse, named_contact], pool: [{when: {account.product: student_loan}, by: account_number_at_placement}], starts_after: {of: {outcome: conversation}, counts: false}, distinct: local_day, gap: [{hours: 48}, {days: 1}]}"),
    ("two limits", "body", "frequency_cap: {counts: attempts, limits: [{limit: 1, window: {calendar_day: 1}}, {limit: 7, window: {since: {event: cease_request}}, suggested: true}]}"),
    ("every window", "body", "frequency_cap: {counts: contacts, limits: [{limit: 0, window: {rolling_hours: 24}}, {limit: 1, window: {rolling_days: 7}}, {limit: 1, window: {consecutive_days: 7}}, {limit: 1, window: {calendar_month: 1}}, {limit: 9, window: {since: ever}}, {limit: 9, window: {since: promise}}]}"),
    ("a wait after a talk", "body", "cooldown: {after: {event: [attempt, inbound], channel: call, outcome: conversation}, wait: {days: 7, first_day: event}, scope: person}"),
    ("a wait after a date of the account", "body", "cooldown: {after: account.due_on, wait: {months: 1}}"),
    ("a wait after an event by name", "body", "cooldown: {after: asked_for_ombudsman, wait: [{minutes: 30}, {business_days: 5, calendar: pack}]}"),
    ("a wait that the event carries", "body", "cooldown: {after: {event: hardship, confirmed: true, cause: illness}, wait: {field: last_day, else: {days: 7, skip: [sat, sun, holiday], calendar: xa-national}}}"),
    ("a wait from when a letter is taken to have come", "body", "notice_first: {notice: first_notice, wait: {days: 5, from: deemed, deemed: {letter: {days: 7}, any: {days: 1}, skip: [sun, holiday], calendar: xa-national}}}"),
    ("a consent with every key", "body", "consent_required: {covers: [channel], form: [signed, express_written], document: loan_contract, by: borrower, to: tenant, scope: [channel], lasts: {months: 6}, spent_by: {outcome: conversation}, fresh: {within: {days: 60}, by: [{event: inbound}, reassignment_check]}}"),
    ("ways to a consent", "body", "consent_required: {scope: [point], routes: [{id: texted, when: {seen: {of: {event: inbound, channel: sms}, scope: [point]}}}], fresh: {within: {days: 60}, by: inbound}}"),
    ("refusals", "body", "opt_out: {honours: {channels: [electronic, fax], form: any, scope: [person, channel]}, must_offer: [reply_stop, link], keywords: [STOP, no, off], lasts: {months: 60}}"),
    ("a standing with every key", "body", "stop_contact: {standing: {event: dispute, any: [{repeats: false}, {new_evidence: true}]}, form: written, counts_from: received, during: first_week, scope: [debt], until: [{event: notice, notice: verification}, plan, {after: {event: opt_out, point.place: work}, wait: {days: 10}, unless: {event: opt_out, form: written}}], not_before: {date: account.due_on, wait: {months: 4}}}"),
    ("a standing by name", "body", "stop_contact: {standing: cease_request}"),
    ("a standing that a pack declares", "body", "stop_contact: {standing: {event: [prison], by: any}}"),
    ("what the borrower named", "body", "inconvenient: {honours: [times, places, points, channels, employer], from: [borrower, creditor_file, anyone], budget: {hours_a_week: 28, points: 3, not_both: [call, visit]}}"),
    ("somebody else", "body", "third_party: {overheard: true, as_borrower: [guarantor, executor]}"),
    ("a notice soon", "body", "notice_first: {notice: [validation_notice, last_call], by: [tenant, creditor], channels: letter, scope: debt, renew_on: [placement, {event: assignment}], within: {days: 5}, after: {event: attempt, outcome: [conversation, delivered]}}"),
    ("a notice from anybody in one of these forms", "body", "notice_first: {notice: first_notice, by: any, form: [registered, notarial]}"),
    ("an end that something in time keeps off", "body", "stop_contact: {standing: opt_out, until: [{after: opt_out, wait: {days: 10}, unless: {event: opt_out, to: tenant, form: written, point.place: work, within: [{days: 7}, {hours: 200}]}}, {after: opt_out, wait: {days: 9}, unless: dispute}]}"),
    ("what is said", "body", "disclosure: {must_say: [seal, badge], when: first_oral, languages: {any: [fr, 'no'], all: en}}"),
    ("who calls", "body", "identification: {caller: {id: shown, class: [registered, prefix_600]}, when: every}"),
    ("in which language", "body", "language: {same_as_message: true}"),
    ("what is not said", "body", "content_ban: {forbids: [insult, {message.pressing_offer: true}]}"),
    ("everything is forbidden", "body", "content_ban: {forbids: contact}"),
    ("an old debt", "body", "time_barred: {stale_on: account.limitation_expires_on, forbids: [insult], must_say: [seal]}"),
    ("an old debt after a wait", "body", "time_barred: {stale_on: {date: account.defaulted_on, wait: {months: 72}}, must_say: seal}"),
    ("licences", "body", "licence: {holds: [seal], show_on: [letter, email]}"),
    ("records", "body", "record_retention: {call_recordings_years: 3, of: {letters: [5, 'five']}, kept: true}"),
    ("data", "body", "data_protection: {}"),
    ("bars", "body", "kind: third_party\n    bars: contact"),
    ("the same as another", "body", "same_as: xa.law.hours"),
    ("short forms", "body", "applies: {channels: [call, oral, social], purposes: reply, roles: [creditor, debt_buyer], products: [boat_loan, mortgage]}\n    third_party: {}"),
    ("tests of words", "body", "applies: {channel: {not: [postcard]}, to: {not: borrower}, relies_on: {known: true}, notice: last_call, message.opt_out: [link, none], audience: public, answers: [none, live]}\n    third_party: {}"),
    ("tests of numbers", "body", "applies: {account.days_past_due: {over: 30, at_most: 90}, borrower.age: {under: 18, known: true}, account.balance: [0, 100], account.principal: {at_least: 1}}\n    third_party: {}"),
    ("tests of dates", "body", "applies: {account.due_on: {before: 2026-01-31}, account.placed_on: {from: '2024-02-29'}, account.defaulted_on: {within: {months: 6}}, point.line_changed_on: {passed: true}}\n    third_party: {}"),
    ("tests of sets", "body", "applies: {message.carries: {has: [seal, badge]}, message.found: insult, tenant.licences: {not: [seal]}, borrower.places: [XA, 'NO'], message.language: {known: false}, caller.class: prefix_600}\n    third_party: {}"),
    ("tests of flags", "body", "applies: {requested: false, to.liable: {not: true}, account.secured: {known: true}}\n    third_party: {}"),
    ("nested conditions", "body", "applies: {all: [{channel: call}], any: [{purpose: reply}, {none: {session: app}}], none: [{standing: attorney_named}, {during: first_week}, {switch: emergency}]}\n    third_party: {}"),
    ("answers that were declared", "body", "applies: {declared: {court_permission: true, scrubbed_on: {within: {months: 1}}, agents: {over: 3}}}\n    third_party: {}"),
    ("things seen", "body", "applies: {seen: [{of: {event: opt_out, to: former_collector}, scope: [point], at_least: 2}, {of: {to: spouse, outcome: busy}, in_a_row: 3, window: {rolling_days: 7}}], consent: {covers: hours, by: party}}\n    third_party: {}"),
    ("exceptions", "body", "exceptions: [{when: {answers: [same_channel, live]}, up_to: {limit: 1, per: inbound}}, {when: {purpose: service}, up_to: {limit: 2, counts: contacts, window: {since: ever}, scope: [person], within: {days: 7}}, cites: 's. 4'}]\n    third_party: {}"),
    ("every plain key of a rule", "rule", "  - {id: xa.law.rule, effect: guidance, suggested: true, status: draft, in_force: {from: 2026-01-01, to: unknown}, confidence: low, verified: {by: Office of law, date: 2026-02-28}, facts: xa.law.rule, cites: Act of XA, note: 'The stricter reading.', only_where_none_binds: true, third_party: {}}"),
    ("every plain key of a pack", "pack", "parents: []\nreach: [borrower_place, number, tenant_place]\nweek_starts: sun\nnot_rules: [{fact: xa.law.hours, why: 'no contact'}]"),
    ("several periods", "periods", "periods: {first_week: {after: promise, wait: [{days: 7}, {field: until, else: {days: 1}}]}, other: {after: {event: inbound, channel: [call]}, wait: {hours: 1}}}"),
    ("a calendar with every key", "calendar", "title: Holidays of XA\nsource: Act of XA\ncites: [{text: s. 5, url: 'https://law.example.com/5'}]\nyears: [2024, 2037]\nweekend: [fri, sat]\ndays:\n  - {name: New year, fixed: 01-01, observed: next_monday}\n  - {easter: -2}\n  - {nth: [1, mon, sep]}\n  - {last: [mon, may], observed: none}\n  - {before: [05-25, mon]}\n  - {date: 2026-02-17, observed: next_day_too, if: [sun]}\n  - {fixed: '02-29'}\nworkdays: [{date: 2026-02-14, as: mon}]\n"),
]

# What schema and reader both refuse.
FAULTY = [
    ("an unknown key of a pack", "pack", "jurisdictions: [XB]"),
    ("a reach that is none", "pack", "reach: [borrower]"),
    ("a week that starts on no day", "pack", "week_starts: monday"),
    ("a period without a wait", "periods", "periods: {first_week: {after: promise}}"),
    ("a period without a beginning", "periods", "periods: {first_week: {wait: {days: 7}}}"),
    ("a switch without a name", "switches", "switches: [{active: true}, {name: emergency}]"),
    ("a switch that is neither", "switches", "switches: [{name: emergency, active: off}]"),
    ("a list of words that is none", "vocabulary", "vocabulary: {verbs: [run]}"),
    ("a word with a blank", "vocabulary", "vocabulary: {notices: [last call]}"),
    ("a fact that is no rule, without a why", "pack", "not_rules: [{fact: xa.law.hours}]"),
    ("a proclaimed day without an act", "pack", "proclaimed: [{calendar: xa-national, date: 2026-05-05}]"),
    ("a proclaimed day that does not exist", "pack", "proclaimed: [{calendar: xa-national, date: 2026-02-30, cites: [Act]}]"),
    ("no id", "rule", "  - {status: draft, cites: [s. 2], third_party: {}}"),
    ("no citation", "rule", "  - {id: xa.law.rule, status: draft, third_party: {}}"),
    ("an empty list of citations", "rule", "  - {id: xa.law.rule, status: draft, cites: [], third_party: {}}"),
    ("a citation without a text", "rule", "  - {id: xa.law.rule, status: draft, cites: [{url: 'https://law.example.com'}], third_party: {}}"),
    ("a citation with a key too many", "rule", "  - {id: xa.law.rule, status: draft, cites: [{text: s. 2, link: 'https://law.example.com'}], third_party: {}}"),
    ("no kind", "body", "note: nothing"),
    ("two kinds", "body", "third_party: {}\n    data_protection: {}"),
    ("a kind and the same as another", "body", "third_party: {}\n    same_as: xa.law.hours"),
    ("a misspelled kind", "body", "frequency_capp: {limit: 1, counts: attempts, window: {calendar_day: 1}}"),
    ("bars without a kind", "body", "bars: contact"),
    ("a kind without bars", "body", "kind: third_party\n    third_party: {}"),
    ("bars something else", "body", "kind: third_party\n    bars: calls"),
    ("bars a kind that is none", "body", "kind: visits\n    bars: contact"),
    ("a status that is none", "rule", "  - {id: xa.law.rule, status: active, cites: [s. 2], third_party: {}}"),
    ("an effect that is none", "body", "effect: ban\n    third_party: {}"),
    ("a confidence that is none", "body", "confidence: certain\n    third_party: {}"),
    ("a flag that is a word", "body", "suggested: yes\n    third_party: {}"),
    ("a flag that is text", "body", "suggested: 'true'\n    third_party: {}"),
    ("a bad date", "body", "in_force: {from: 2026-13-01}\n    third_party: {}"),
    ("a day that no month has", "body", "in_force: {to: 2026-04-31}\n    third_party: {}"),
    ("a date in another form", "body", "in_force: {from: 1.2.2026}\n    third_party: {}"),
    ("verified by nobody", "body", "verified: {date: 2026-01-01}\n    third_party: {}"),
    ("a bad time", "body", "contact_hours: {windows: [{days: [mon], from: '8:00', to: '20:00'}]}"),
    ("a time after the day's end", "body", "contact_hours: {windows: [{days: [mon], from: '08:00', to: '24:30'}]}"),
    ("a row without days", "body", "contact_hours: {windows: [{from: '08:00', to: '20:00'}]}"),
    ("a row without an end", "body", "contact_hours: {windows: [{days: [mon], from: '08:00'}]}"),
    ("a day that is none", "body", "contact_hours: {windows: [{days: [monday], from: '08:00', to: '20:00'}]}"),
    ("no windows", "body", "contact_hours: {calendar: pack}"),
    ("an empty list of windows", "body", "contact_hours: {windows: []}"),
    ("windows beside the only table", "body", "contact_hours: {source: {of: tenant_hours, as: only}, windows: [{days: [mon], from: '08:00', to: '20:00'}]}"),
    ("a clock that is none", "body", "contact_hours: {clock: utc, windows: [{days: [mon], from: '08:00', to: '20:00'}]}"),
    ("a blackout of no day", "body", "day_blackout: {clock: borrower}"),
    ("holidays of no calendar", "body", "day_blackout: {days: [sun, holiday]}"),
    ("a limit without a window", "body", "frequency_cap: {limit: 3, counts: attempts}"),
    ("a window without a limit", "body", "frequency_cap: {window: {calendar_day: 1}, counts: attempts}"),
    ("a cap without a limit", "body", "frequency_cap: {counts: attempts}"),
    ("a cap that counts nothing", "body", "frequency_cap: {limit: 3, window: {calendar_day: 1}}"),
    ("a cap that counts what nobody knows", "body", "frequency_cap: {limit: 3, window: {calendar_day: 1}, counts: calls}"),
    ("a window of two", "body", "frequency_cap: {limit: 3, counts: attempts, window: {calendar_day: 1, rolling_days: 7}}"),
    ("an empty window", "body", "frequency_cap: {limit: 3, counts: attempts, window: {}}"),
    ("a window of nothing", "body", "frequency_cap: {limit: 3, counts: attempts, window: {rolling_days: 0}}"),
    ("a window of an unknown unit", "body", "frequency_cap: {limit: 3, counts: attempts, window: {weeks: 1}}"),
    ("a limit below nothing", "body", "frequency_cap: {limit: -1, counts: attempts, window: {calendar_day: 1}}"),
    ("a limit in words", "body", "frequency_cap: {limit: three, counts: attempts, window: {calendar_day: 1}}"),
    ("a limit in quotes", "body", "frequency_cap: {limit: '3', counts: attempts, window: {calendar_day: 1}}"),
    ("a scope that is none", "body", "frequency_cap: {limit: 3, counts: attempts, window: {calendar_day: 1}, scope: [account]}"),
    ("a doer that is none", "body", "frequency_cap: {limit: 3, counts: attempts, window: {calendar_day: 1}, by: [agency]}"),
    ("an exclusion without a when", "body", "frequency_cap: {limit: 3, counts: attempts, window: {calendar_day: 1}, excludes: [{requested: true}]}"),
    ("a pool by a field that pools nothing", "body", "frequency_cap: {limit: 3, counts: attempts, window: {calendar_day: 1}, pool: [{when: {account.kind: consumer}, by: account_number}]}"),
    ("a wait of two units", "body", "cooldown: {after: promise, wait: {days: 1, hours: 2}}"),
    ("a wait of no unit", "body", "cooldown: {after: promise, wait: {first_day: event}}"),
    ("an empty list of waits", "body", "cooldown: {after: promise, wait: []}"),
    ("business days of no calendar", "body", "cooldown: {after: promise, wait: {business_days: 5}}"),
    ("skipped holidays of no calendar", "body", "cooldown: {after: promise, wait: {days: 5, skip: [holiday]}}"),
    ("a field that no event carries", "body", "cooldown: {after: promise, wait: {field: first_day}}"),
    ("a cooldown after nothing", "body", "cooldown: {wait: {days: 1}}"),
    ("a date that no account has", "body", "cooldown: {after: account.opened_on, wait: {days: 1}}"),
    ("an event that is none", "body", "cooldown: {after: {event: Promise}, wait: {days: 1}}"),
    ("a consent to nothing", "body", "consent_required: {form: [signed]}"),
    ("a consent to something unknown", "body", "consent_required: {covers: everything}"),
    ("routes beside a consent", "body", "consent_required: {covers: channel, routes: [{id: one, when: {requested: true}}]}"),
    ("a route without a when", "body", "consent_required: {routes: [{id: one}]}"),
    ("a way out that is none", "body", "opt_out: {must_offer: [phone]}"),
    ("a standing of nothing", "body", "stop_contact: {scope: [debt]}"),
    ("an end without a wait", "body", "stop_contact: {standing: dispute, until: [{after: {event: notice}}]}"),
    ("an end kept off within no time", "body", "stop_contact: {standing: dispute, until: [{after: dispute, wait: {days: 9}, unless: {event: dispute, within: []}}]}"),
    ("an end that is kept within a time", "body", "stop_contact: {standing: dispute, until: [{event: notice, within: {days: 7}}]}"),
    ("a form that is none", "body", "stop_contact: {standing: dispute, form: [letter]}"),
    ("a wish that is none", "body", "inconvenient: {honours: [weekdays]}"),
    ("a budget of more hours than a week has", "body", "inconvenient: {honours: [times], budget: {hours_a_week: 169}}"),
    ("a relation that is none", "body", "third_party: {as_borrower: [wife]}"),
    ("a notice of no kind", "body", "notice_first: {scope: [debt]}"),
    ("a notice by nobody known", "body", "notice_first: {notice: first_notice, by: agency}"),
    ("a notice in no form", "body", "notice_first: {notice: first_notice, form: letter}"),
    ("within without after", "body", "notice_first: {notice: first_notice, within: {days: 5}}"),
    ("nothing to say", "body", "disclosure: {when: first}"),
    ("languages without one", "body", "language: {languages: {}}"),
    ("nothing asked of the caller", "body", "identification: {caller: {}}"),
    ("an item that is no name", "body", "disclosure: {must_say: [Licence number]}"),
    ("nothing forbidden", "body", "content_ban: {forbids: []}"),
    ("old since no date", "body", "time_barred: {stale_on: 2020-01-01, must_say: [seal]}"),
    ("nothing follows from age", "body", "time_barred: {stale_on: account.due_on}"),
    ("no licence", "body", "licence: {}"),
    ("parameters that are a word", "body", "record_retention: forever"),
    ("an unknown fact", "body", "applies: {account.colour: red}\n    third_party: {}"),
    ("a channel that is none", "body", "applies: {channels: [phone]}\n    third_party: {}"),
    ("an unknown operator", "body", "applies: {account.balance: {above: 5}}\n    third_party: {}"),
    ("a number that is none", "body", "applies: {account.days_past_due: {over: many}}\n    third_party: {}"),
    ("no value", "body", "applies: {purpose: []}\n    third_party: {}"),
    ("a date that is none in a test", "body", "applies: {account.due_on: {before: yesterday}}\n    third_party: {}"),
    ("a flag that is maybe", "body", "applies: {requested: maybe}\n    third_party: {}"),
    ("an empty `any`", "body", "applies: {any: []}\n    third_party: {}"),
    ("a session of something else", "body", "applies: {session: web}\n    third_party: {}"),
    ("an answer that is a word", "body", "applies: {declared: {court_permission: granted}}\n    third_party: {}"),
    ("a condition that is a word", "body", "applies: call\n    third_party: {}"),
    ("seen nothing", "body", "applies: {seen: {window: {since: ever}}}\n    third_party: {}"),
    ("an exception without a when", "body", "exceptions: [{up_to: {limit: 1, per: inbound}}]\n    third_party: {}"),
    ("an allowance without a window", "body", "exceptions: [{when: {requested: true}, up_to: {limit: 1}}]\n    third_party: {}"),
    ("an allowance for each outbound", "body", "exceptions: [{when: {requested: true}, up_to: {limit: 1, per: outbound}}]\n    third_party: {}"),
    ("a calendar without years", "calendar", "days: [{fixed: '12-25'}]\n"),
    ("a calendar of one year number", "calendar", "years: [2024]\ndays: []\n"),
    ("a calendar without days", "calendar", "years: [2024, 2037]\n"),
    ("a month that is none", "calendar", "years: [2024, 2037]\ndays: [{nth: [1, mon, september]}]\n"),
    ("a day that no year has", "calendar", "years: [2024, 2037]\ndays: [{fixed: '02-30'}]\n"),
    ("an nth without a month", "calendar", "years: [2024, 2037]\ndays: [{nth: [1, mon]}]\n"),
    ("a weekend on no day", "calendar", "years: [2024, 2037]\nweekend: [saturday]\ndays: []\n"),
    ("a workday without a date", "calendar", "years: [2024, 2037]\ndays: []\nworkdays: [{as: mon}]\n"),
    ("an unknown key of a holiday", "calendar", "years: [2024, 2037]\ndays: [{on: '12-25'}]\n"),
]

# What takes more than a form to see: the reader refuses it, and no schema can.
ONLY_THE_READER = [
    ("a leap day in a common year", "body", "in_force: {from: 2026-02-29}\n    third_party: {}"),
    ("an end before the beginning", "body", "in_force: {from: 2026-02-01, to: 2026-01-31}\n    third_party: {}"),
    ("a row that opens and closes at one time", "body", "contact_hours: {windows: [{days: [mon], from: '08:00', to: '08:00'}]}"),
    ("a word that nobody declared", "body", "disclosure: {must_say: [stamp]}"),
    ("a slip in an event's name", "body", "stop_contact: {standing: cease_requests}"),
    ("the same as a rule that is none", "body", "same_as: xa.law.other"),
    ("an id that stands twice", "rule", "  - {id: xa.law.hours, status: draft, cites: [s. 2], third_party: {}}"),
    ("years that run backwards", "calendar", "years: [2037, 2024]\ndays: []\n"),
]

# What says nothing, or nothing that can be meant: the schema warns of it while somebody writes.
ONLY_THE_SCHEMA = [
    ("an empty test", "body", "applies: {channel: {}}\n    third_party: {}"),
    ("an empty condition", "body", "exceptions: [{when: {}}]\n    third_party: {}"),
    ("a channel over another", "body", "applies: {channel: {over: sms}}\n    third_party: {}"),
    ("two questions to one answer", "body", "applies: {declared: {agents: {over: 1, under: 9}}}\n    third_party: {}"),
    ("a skipped day that cannot be", "body", "cooldown: {after: promise, wait: {days: 5, skip: [friday]}}"),
    ("two days in one holiday", "calendar", "years: [2024, 2037]\ndays: [{fixed: '12-25', easter: 1}]\n"),
    ("a sixth Monday", "calendar", "years: [2024, 2037]\ndays: [{nth: [6, mon, sep]}]\n"),
]


class Loader(yaml.SafeLoader):
    """YAML 1.2 as adapters/yaml reads it: plain scalars are text, but for true, false, whole numbers
    and nothing at all."""

    yaml_implicit_resolvers = {}


Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), "tf")
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^-?[0-9]+$"), "-0123456789")
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(?:~|null|)$"), ["~", "n", ""])
# Leading zeros make no octal number.
Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))


def load(text):
    return yaml.load(text, Loader)


def schema(name):
    return json.loads((POLICIES / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))


def faults(validator, document):
    """What the schema says, each with its place."""
    told = []
    for error in validator.iter_errors(document):
        best = jsonschema.exceptions.best_match([error])
        told.append(f"{best.json_path}: {best.message[:160]}")
    return told


def files():
    """Packs and calendars under policies/, each with the name of its schema."""
    for path in sorted(POLICIES.rglob("*.yaml")):
        name = path.relative_to(POLICIES).as_posix()
        if name.endswith(".scenarios.yaml") or name.startswith(("facts/", "places/", "treatments/")):
            continue
        yield path, name, "calendar" if name.startswith("holidays/") else "pack"


def assembled(where, text):
    """The pack and the calendar with a snippet in its place, and which of the two it is in."""
    parts = {**PARTS, "rule": BODY % "third_party: {}"}
    if where == "calendar":
        return PACK % parts, text, "calendar"
    if where == "body":
        parts["rule"] = BODY % text
    else:
        parts[where] = text
    return PACK % parts, CALENDAR, "pack"


class Schemas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.validators = {}
        for name in ("pack", "calendar"):
            jsonschema.Draft202012Validator.check_schema(schema(name))
            cls.validators[name] = jsonschema.Draft202012Validator(schema(name))

    def lint(self, pack, calendar):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {
                    "house.yaml": HOUSE, "xa/xa.yaml": pack, "facts/xa.yaml": FACTS,
                    "holidays/xa-national.yaml": calendar, "places/xa.yaml": "countries: {XA: [UTC]}\n",
                    "places/phone-prefix-time-zones.txt": "1|America/New_York\n"}.items():
                path = root / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
            done = subprocess.run([FORBEAR, "policy", "lint", folder], capture_output=True, text=True,
                                  check=False)
            return done.returncode, done.stderr.replace(folder + "/", "")

    def judge(self, rows, judge):
        """Calls `judge` for each row with what the schema says, how lint exits and what it says."""
        for why, where, text in rows:
            pack, calendar, of = assembled(where, text)
            said = faults(self.validators[of], load(calendar if of == "calendar" else pack))
            with self.subTest(why, snippet=text):
                judge(said, *self.lint(pack, calendar))

    def test_the_committed_schemas_are_what_the_proto_says(self):
        done = subprocess.run([sys.executable, "-B", POLICIES / "schema" / "make_schema.py", "--check"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_pack_and_calendar_fits(self):
        count = 0
        for path, name, of in files():
            count += 1
            with self.subTest(name):
                self.assertEqual(faults(self.validators[of], load(path.read_text(encoding="utf-8"))), [])
        self.assertGreater(count, 20)

    def test_every_pack_and_calendar_names_its_schema(self):
        for path, name, of in files():
            up = "../" * name.count("/")
            with self.subTest(name):
                self.assertEqual(path.read_text(encoding="utf-8").split("\n", 1)[0],
                                 f"# yaml-language-server: $schema={up}schema/{of}.schema.json")

    def test_what_the_schema_takes_the_reader_takes(self):
        def judge(said, exit_code, told):
            self.assertEqual(said, [])
            self.assertEqual(exit_code, 0, told)
        self.judge(GOOD, judge)

    def test_what_the_schema_refuses_the_reader_refuses(self):
        def judge(said, exit_code, told):
            self.assertNotEqual(said, [])
            self.assertNotEqual(exit_code, 0)
            # A fault of form names file, line and column, and is none of those that lint adds.
            self.assertRegex(told, r"(?:xa/xa|holidays/xa-national)\.yaml:\d+:\d+: ")
            self.assertNotIn("scenario", told)
        self.judge(FAULTY, judge)

    def test_what_takes_more_than_a_form_the_reader_sees(self):
        def judge(said, exit_code, told):
            self.assertEqual(said, [])
            self.assertNotEqual(exit_code, 0, told)
        self.judge(ONLY_THE_READER, judge)

    def test_what_cannot_be_meant_the_schema_refuses(self):
        self.judge(ONLY_THE_SCHEMA, lambda said, *_: self.assertNotEqual(said, []))


# Vocabularies that have another name in the proto.
RENAMED = {"Form": "StatementForm"}
# How a field of each type is tested, and how its texts look.
TESTS = {"kNumber": ("NumberTest", 0), "kDay": ("DayTest", 0), "kText": ("WordTest", 0),
         "kTags": ("TagTest", 0), "kItems": ("TagTest", 1), "kFindings": ("TagTest", 1)}
# Keys of a condition that are no field of the closed list.
NO_FIELDS = {"all", "any", "none", "seen", "consent", "standing", "during", "switch", "session",
             "declared", "channels", "purposes", "roles", "products"}


class Fields(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.compiled = make_schema.Compiled(folder.name)
        cls.condition = cls.compiled.policy.DESCRIPTOR.message_types_by_name["Condition"]
        cls.header = (ROOT / "engine/policy/pack.h").read_text(encoding="utf-8")

    def listed(self):
        text = self.header.split("#define FORBEAR_FIELDS(X)", 1)[1].split("\n\n", 1)[0]
        rows = re.findall(r'X\(\w+, "([^"]+)", (k\w+), (\w+)\)', text)
        self.assertEqual(len(rows), text.count("X("), "a field that this test cannot read")
        return rows

    def test_the_closed_list_is_that_of_the_condition(self):
        keys = {field.json_name for field in self.condition.fields}
        self.assertEqual({name for name, _, _ in self.listed()}, keys - NO_FIELDS)
        self.assertEqual(NO_FIELDS - keys, set())

    def test_each_field_is_tested_as_its_type_wants(self):
        fields = {field.json_name: field for field in self.condition.fields}
        for name, kind, vocabulary in self.listed():
            with self.subTest(name):
                field, key = fields[name], self.compiled.key(fields[name])
                if vocabulary == "Flag" and kind == "kWord":
                    self.assertEqual(field.message_type.name, "FlagTest")
                elif kind in ("kWord", "kOpenWord"):
                    self.assertEqual(field.message_type.name, "WordTest")
                    self.assertEqual(key.words[0], RENAMED.get(vocabulary, vocabulary))
                    self.assertEqual(key.open, kind == "kOpenWord")
                else:
                    self.assertEqual((field.message_type.name, key.form), TESTS[kind])

    def test_words_that_stand_in_the_header_are_those_of_the_proto(self):
        for macro, enum in [("ANSWERING", "Answering"), ("AUDIENCES", "Audience"), ("SCOPES", "Scope"),
                            ("RULE_STATUSES", "Rule.Status"), ("CONFIDENCES", "Rule.Confidence")]:
            with self.subTest(enum):
                text = self.header.split(f"#define FORBEAR_{macro}(X)", 1)[1]
                text = re.match(r"(?:.*\\\n)*.*\n", text).group()
                self.assertEqual(set(re.findall(r'"(\w+)"', text)),
                                 {word for word, _ in make_schema.words_of(self.compiled.enum(enum))})


class Misfit(Exception):
    """A value that a message cannot hold."""


class Messages(unittest.TestCase):
    """A pack is the JSON form of the message, once short forms are written out."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.compiled = make_schema.Compiled(folder.name)

    def one(self, value, field):
        if field.message_type is not None:
            return self.message(value, field.message_type)
        if field.enum_type is not None:
            names = {word: name.name for word, name in make_schema.words_of(field.enum_type)}
            if not isinstance(value, str) or value not in names:
                raise Misfit(f"{value} is no {field.enum_type.name}")
            return names[value]
        if field.type == field.TYPE_STRING and not isinstance(value, str):
            raise Misfit(f"{value} is no text")
        return value

    def value(self, value, field):
        if make_schema.is_map(field):
            of = field.message_type.fields_by_name["value"]
            return {key: self.one(part, of) for key, part in value.items()}
        if make_schema.is_list(field):
            return [self.one(part, field) for part in (value if isinstance(value, list) else [value])]
        return self.one(value, field)

    def message(self, value, message):
        if message.full_name == "google.protobuf.Struct":
            return value
        if self.compiled.shape(message).list:
            return {field.json_name: self.value(part, field) for field, part in zip(message.fields, value)}
        alone = {field: self.compiled.alone(field) for field in message.fields}
        if isinstance(value, dict) and "ALONE_ONLY" not in set(alone.values()):
            return self.map(value, message)
        told = []
        if isinstance(value, dict):
            try:
                return self.map(value, message)
            except Misfit as misfit:
                told.append(str(misfit))
        for field, how in alone.items():
            if how == "ALONE_UNSPECIFIED":
                continue
            # A name alone may be a date of the account or an event: only dates have a point.
            dates = self.compiled.policy.FORM_ACCOUNT_DATE
            if self.compiled.key(field).form == dates and not str(value).startswith("account."):
                continue
            try:
                return {field.json_name: self.value(value, field)}
            except Misfit as misfit:
                told.append(str(misfit))
        raise Misfit("; ".join(told) or f"{value} is no {message.name}")

    def map(self, value, message):
        made = {}
        for key, part in value.items():
            for field in message.fields:
                if field.json_name == key and self.compiled.alone(field) != "ALONE_ONLY" and (
                        not self.compiled.key(field).beside):
                    made[key] = self.value(part, field)
                    break
            else:
                for field in message.fields:
                    inner = field.message_type
                    if self.compiled.key(field).beside and any(
                            of.json_name == key for of in inner.fields):
                        made.setdefault(field.json_name, {}).update(self.map({key: part}, inner))
                        break
                else:
                    raise Misfit(f"{message.name} has no `{key}`")
        return made

    def test_every_pack_and_calendar_is_a_message(self):
        for path, name, of in files():
            with self.subTest(name):
                document = load(path.read_text(encoding="utf-8"))
                root = self.compiled.policy.Pack if of == "pack" else self.compiled.policy.Calendar
                read = json_format.ParseDict(self.map(document, root.DESCRIPTOR), root())
                if of == "pack":
                    self.assertEqual([rule.id for rule in read.rules],
                                     [rule["id"] for rule in document["rules"]])
                    self.assertTrue(all(rule.WhichOneof("body") for rule in read.rules))

    def test_every_good_snippet_is_a_message(self):
        for why, where, text in GOOD:
            with self.subTest(why, snippet=text):
                pack, calendar, of = assembled(where, text)
                root = self.compiled.policy.Pack if of == "pack" else self.compiled.policy.Calendar
                document = load(pack if of == "pack" else calendar)
                json_format.ParseDict(self.map(document, root.DESCRIPTOR), root())


if __name__ == "__main__":
    unittest.main()
