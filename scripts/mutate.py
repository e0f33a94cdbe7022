#!/usr/bin/python3
"""Breaks the engine in one place at a time and wants a test to notice each time.

    mutate.py [--build DIR] [--only ID ...] [--keep-going]
    mutate.py --check [--only ID ...]      does every text to be replaced stand where it should?
    mutate.py --list [--only ID ...]       what there is, and what each would do to a borrower

A copy of the sources in DIR (build/mutants) is changed and built, the working tree never. The unchanged
copy must pass everything first. Then each change is built and tested, cheapest test first, until one fails;
one that does not end in ten times its usual time has failed too. Whatever no test notices has survived.

Usually nothing begins while something is amiss: a text that stands nowhere or twice, a test that fails on
the unchanged copy. --keep-going leaves such a change out, and of such a test counts only what fails anew.

Exit 0: all were noticed. 1: some survived (of --check: some text does not fit). 2: wrong use, or something
was amiss, or a change did not compile, which proves nothing.
"""

import argparse
import dataclasses
import difflib
import fcntl
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]

# By file, so that one after the other is compiled in the same place: (id, what it would do to a borrower,
# the text as it stands, the text instead). Each must mean something else in some lawful question: a change
# that only costs time, or that another line makes good, is none.
MUTANTS = {
    "engine/calendar/weekly.cc": [
        ("hours-hold-a-second-too-long", "a call at the very second the hours are over",
         "second < EndSecond(row)) return true;",
         "second <= EndSecond(row)) return true;"),
        ("after-eight-includes-eight", "a call on the stroke of eight, where law says after eight",
         "(row.from_exclusive ? 1 : 0)",
         "0"),
        ("night-belongs-to-the-day-it-ends-on", "a night is quiet, or open, on another day's terms",
         "    if (second < EndSecond(row)) {\n"
         "      if (!yesterday) yesterday = kind_of(day - date::days{1});",
         "    if (second < EndSecond(row)) {\n"
         "      if (!yesterday) yesterday = kind_of(day);"),
        ("midnight-changes-no-kind-of-day", "an opening that runs on into a Sunday or a holiday",
         "int best = kDaySeconds;",
         "int best = 2 * kDaySeconds;"),
        ("clock-change-is-no-change", "a wrong opening on the night the clocks go forward",
         "return std::min({jump, bound, kEndOfTime});",
         "return std::min({bound, kEndOfTime});"),
    ],
    "engine/calendar/zone_table.cc": [
        ("summer-time-a-second-late", "the old offset for one second more",
         "return instant < transition.at;",
         "return instant <= transition.at;"),
        ("day-begins-no-earlier-than-in-utc", "east of Greenwich a closed day opens with its small hours",
         "const Instant before{(day - date::days{2}).time_since_epoch()};",
         "const Instant before{day.time_since_epoch()};"),
        ("skipped-reading-is-before-the-jump", "an hour that never was opens an hour early",
         "const Instant found = std::max(begin, wanted);",
         "const Instant found = wanted;"),
        ("reading-at-the-end-of-its-offset", "an hour shown twice is over after the first time",
         "if (found < end || i + 1",
         "if (found <= end || i + 1"),
    ],
    "engine/calendar/place_table.cc": [
        ("shortest-postal-prefix-wins", "the clock of a neighbouring zone",
         "row.prefix.size() > best->prefix.size()",
         "row.prefix.size() < best->prefix.size()"),
        ("two-zones-are-one", "an address in two zones passes for one whose time is known",
         "return ZonesOf(place).size() == 1;",
         "return ZonesOf(place).size() >= 1;"),
    ],
    "engine/history/window.cc": [
        ("unreported-call-was-no-talk", "a call whose end nobody told is followed by another",
         "return outcome == Outcome::kConversation || outcome == Outcome::kUnreported;",
         "return outcome == Outcome::kConversation;"),
        ("message-left-was-no-contact", "voicemails and letters without number",
         "        case Outcome::kMessageLeft:\n"
         "        case Outcome::kDelivered:\n"
         "          return true;",
         "          return true;\n"
         "        case Outcome::kMessageLeft:\n"
         "        case Outcome::kDelivered:\n"
         "          return false;"),
        ("hours-window-a-minute-short", "the next call a minute early",
         "at + std::chrono::hours{n}, kEndOfTime",
         "at + std::chrono::hours{n} - std::chrono::minutes{1}, kEndOfTime"),
        ("seven-days-are-six", "seven calls in six days, and seven more",
         "return start_of(zone.DayOf(at) + date::days{n});",
         "return start_of(zone.DayOf(at) + date::days{n - 1});"),
        ("week-ends-on-saturday", "a week's calls again on its Sunday",
         "date::days{7 * n}",
         "date::days{7 * n - 1}"),
    ],
    "engine/policy/signal.cc": [
        ("steps-begin-a-second-late", "a contact in the second in which a stop was received",
         "if (step.at > at) break;",
         "if (step.at >= at) break;"),
        ("and-takes-the-greatest", "conditions that nothing but one of them met",
         "value = std::min(value, part.At(at));",
         "value = std::max(value, part.At(at));"),
        ("or-of-constants-takes-the-least", "no pack binds at all",
         "std::max(constant_, part.value_)",
         "std::min(constant_, part.value_)"),
        ("hours-of-one-zone-are-enough", "a call at four in the morning, since it is eight elsewhere",
         "weekly().mode == WeeklyQuestion::Mode::kHoldsInAllZones;",
         "weekly().mode == WeeklyQuestion::Mode::kHoldsInAnyZone;"),
        ("unknown-reads-as-yes", "what nobody knows is taken for granted: consents, licences, exceptions",
         "return value == Tri::kUnknown ? unknown : value;",
         "return value == Tri::kUnknown ? Tri::kYes : value;"),
        ("next-change-is-now", "no answer at all: the search for an opening stands still",
         "if (step.at > at) return std::min(step.at, kEndOfTime);",
         "if (step.at >= at) return std::min(step.at, kEndOfTime);"),
        ("next-change-is-the-last-one", "openings and closings in between are stepped over",
         "for (const Signal& part : parts()) next = std::min(next, part.NextChange(at));",
         "for (const Signal& part : parts()) next = std::max(next, part.NextChange(at));"),
    ],
    "engine/policy/decide.cc": [
        ("last-clause-is-not-read", "whatever a rule says last is not kept",
         "for (size_t i = 0; i < clauses.size(); ++i) {",
         "for (size_t i = 0; i + 1 < clauses.size(); ++i) {"),
        ("opening-is-not-asked-again", "told a time that another rule closes",
         "if (latest == at || latest >= kEndOfTime) return latest;",
         "return latest;"),
        ("opening-is-the-earliest", "told to come back at once",
         "latest = std::max(latest, rule.OpensAt(latest));",
         "latest = std::min(latest, rule.OpensAt(latest));"),
        ("exceptions-spare-nobody", "left without the answer they asked for",
         "if (!rule.gate.Holds(at)) continue;",
         ""),
        ("never-reads-as-not-now", "a stop for good comes back as a date",
         "verdict->next_allowed_at < Verdict::kNever ? Answer::kDeferred",
         "verdict->next_allowed_at <= Verdict::kNever ? Answer::kDeferred"),
        ("one-refusal-hides-the-next", "of two rules that protect them only one is on record",
         "verdict->denials.push_back({number,",
         "if (verdict->denials.empty()) verdict->denials.push_back({number,"),
    ],
    "engine/policy/bind_rules.cc": [
        ("untold-table-of-hours-bars-nothing", "called outside hours that nobody asked them for",
         "} else if (hours.source && hours.source->as != As::kInstead) {",
         "} else if (hours.source && hours.source->as == As::kOnly) {"),
        ("last-closed-day-is-open", "called on the last day of mourning, or on the one closed day",
         "span.zone->StartOfDay(*last + date::days{1})",
         "span.zone->StartOfDay(*last)"),
        ("one-contact-too-many", "an eighth call in seven days",
         "static_cast<int>(leaves.size()) >= limit.limit",
         "static_cast<int>(leaves.size()) > limit.limit"),
        ("cap-of-none-is-no-cap", "contacts of a kind that law forbids altogether",
         "until = kEndOfTime;\n        } else if",
         "until = kFirstInstant;\n        } else if"),
        ("cap-opens-with-the-oldest", "another call as soon as the first of many is a week ago",
         "leaves[leaves.size() - static_cast<size_t>(limit.limit)]",
         "leaves.front()"),
        ("gap-is-not-kept", "two messages in two days where law wants two days between",
         "Signal::During(event->at, binder.WaitEnd(cap.gap, *event))",
         "Signal::Always(false)"),
        ("way-out-by-post-will-do", "a text that only a letter can refuse",
         "!Contains(opt_out.must_offer, contact.message.opt_out)",
         "contact.message.opt_out == OptOutOffer::kNone"),
        ("refusal-of-calls-spares-no-voicemail", "one refusal that should end all ends only its own channel",
         "const bool narrow = HasScope(opt_out.scope, Scope::kPoint) ||",
         "const bool narrow = true || HasScope(opt_out.scope, Scope::kPoint) ||"),
        ("stop-holds-from-when-it-was-written", "a stop on record before anybody could know of it",
         "StopContact::CountsFrom::kReceived\n"
         "                             ? Binder::KnownAt(*event)",
         "StopContact::CountsFrom::kReceived\n"
         "                             ? event->at"),
        ("wish-in-writing-came-late-somewhere", "a wish put in writing in time where they are lapses all the same",
         ": binder.WaitEnd(until.unless_within, *anchor);",
         ": binder.FirstWaitEnd(until.unless_within, *anchor);"),
        ("where-they-are-does-not-matter", "their mobile rings at the place they asked to be spared",
         "Signal::Always(tied), there",
         "Signal::Always(tied), Signal::Always(false)"),
        ("nobody-looked-so-it-tells-nothing", "the family hears of a debt in a message nobody has read",
         "binder.MentionsDebt().value_or(true)",
         "binder.MentionsDebt().value_or(false)"),
        ("notice-that-came-back-was-given", "pressed without ever having been told of their rights",
         "    if (binder.Undelivered(*event)) {\n"
         "      good.clear();",
         "    if (false) {\n"
         "      good.clear();"),
        ("plain-letter-was-registered", "pressed after a letter that law wants registered and that may have got lost",
         "Contains(forms, IsOral(*notice.channel) ? Form::kOral : Form::kWritten);",
         "!IsOral(*notice.channel);"),
        ("untold-item-is-carried", "a message without what law wants said",
         "if (!binder.facts().papers_in_order_by_default) return Signal(Tri::kUnknown);",
         ""),
        ("reached-by-guess", "a first talk without the words of a first talk",
         "reached = reached || outcome != Outcome::kUnreported;",
         "reached = true;"),
        ("message-nobody-read-is-clean", "threats that nobody looked for",
         "if (found ? !Contains(*found, code) : binder.facts().papers_in_order_by_default) continue;",
         "if (!found || !Contains(*found, code)) continue;"),
        ("debt-goes-stale-a-day-late", "threatened with a lawsuit on a debt that is past it",
         "stale = binder.DayReached(*day + date::days{1});",
         "stale = binder.DayReached(*day + date::days{2});"),
        ("untold-limitation-is-far-off", "threatened with a lawsuit that nobody knows to be possible",
         "Signal::Definite(std::move(stale), true)",
         "Signal::Definite(std::move(stale), false)"),
        ("untold-licence-is-held", "pressed by a firm that may not collect",
         "Carried(binder, binder.facts().tenant->licences, name), false)",
         "Carried(binder, binder.facts().tenant->licences, name), true)"),
        ("muting-ours-mutes-the-law", "the law's own limit falls with our suggestion",
         "rule.suggested || clause.suggested;",
         "true;"),
        ("a-rule-that-may-apply-does-not", "a mobile of which nobody said so is called by a machine",
         "Signal::Definite(binder.Bind(plan.beyond_gates, Subject{}), true)",
         "Signal::Definite(binder.Bind(plan.beyond_gates, Subject{}), false)"),
    ],
    "engine/policy/binder.cc": [
        ("spoken-consent-is-written", "held to a word that law wants in writing",
         "return rank(given) >= rank(asked);",
         "return true;"),
        ("zone-that-left-still-counts", "a wait that ends on a clock they have left",
         "last = std::max(last, std::min(end(*one.zone), one.until));",
         "last = std::max(last, end(*one.zone));"),
        ("words-of-a-pack-are-not-looked-for", "a breathing space of their own law stops nobody",
         "if (!filter.declared_events.empty() && Has(EventName::kDeclared)) return true;",
         ""),
        ("voicemail-is-private", "whoever plays the machine hears of the debt",
         "if (contact.channel == Channel::kVoicemail || contact.channel == Channel::kPostcard) {",
         "if (contact.channel == Channel::kPostcard) {"),
        ("friday-is-no-weekend", "days of rest count as days to pay or to answer",
         "return kind != kHolidayBit && (kind & weekend) == 0;",
         "return kind != kHolidayBit;"),
        ("years-past-the-calendar-are-working", "a holiday that the calendar does not reach is worked",
         "if (year < table->first_year || year > table->last_year) return kHolidayBit;",
         "if (year < table->first_year) return kHolidayBit;"),
        ("stop-ends-with-its-last-day-ahead", "called on the last day they asked to be spared",
         "return zone.StartOfDay(*event.last_day + date::days{1});",
         "return zone.StartOfDay(*event.last_day);"),
        ("wait-a-day-short", "called on the last day of the wait",
         "opens = day + date::days{wait.n + (wait.event_day_is_first ? 0 : 1)};",
         "opens = day + date::days{wait.n};"),
        ("business-wait-a-day-short", "called on the last business day of the wait",
         "opens = *last + date::days{1};",
         "opens = *last;"),
        ("wait-is-over-in-the-first-zone", "called while it is still yesterday where they may be",
         "return LastEnd([&](const ZoneTable& zone) { return WaitEndIn(zone, waits, event.at, &event); });",
         "return FirstEnd([&](const ZoneTable& zone) { return WaitEndIn(zone, waits, event.at, &event); });"),
        ("untold-creditor-is-another", "calls for the same creditor are not counted together",
         ": unknown_reaches;",
         ": false;"),
        ("unknown-event-did-not-happen", "a call that may have been a talk is no reason to wait",
         "return passes == Tri::kYes || (passes == Tri::kUnknown && unknown_passes);",
         "return passes == Tri::kYes;"),
        ("any-end-ends-it", "one state is lifted, and another falls with it",
         "later.ended && later.name == event.name && later.declared_name == event.declared_name &&",
         "later.ended && later.name == event.name &&"),
        ("seen-once-more-than-asked", "one contact more than an allowance grants",
         "TriOf(count >= n)",
         "TriOf(count > n)"),
        ("consent-is-for-good", "taking it back changes nothing",
         "last = std::max(last, end);",
         "last = kEndOfTime;"),
        ("consent-to-texts-permits-calls", "agreed to one channel, contacted on all",
         "if (!Concerns(given, channel, point)) continue;",
         ""),
        ("second-answer-is-free-too", "one message of theirs is answered twice in the night",
         "if (static_cast<int>(used.size()) >= allowance.limit) return Signal::Always(false);",
         "if (static_cast<int>(used.size()) > allowance.limit) return Signal::Always(false);"),
        ("any-of-means-all-of", "a rule for this or that binds only where both are",
         "    Signal::Any any;\n"
         "    for (const Condition& part : condition.any)",
         "    Signal::All any;\n"
         "    for (const Condition& part : condition.any)"),
    ],
    "engine/policy/resolve.cc": [
        ("declared-zone-fresh-for-a-day-more", "an old word of theirs outweighs where they live",
         "kDeclaredZoneFreshFor = date::days{90};",
         "kDeclaredZoneFreshFor = date::days{91};"),
        ("journey-has-no-clock", "woken at half past five where they told us they are",
         "AddZone(&sets_.zones, zone, \"whereabouts\", event->at, until);",
         "static_cast<void>(zone);"),
        ("only-the-number-used-has-a-clock", "their other number says where they may be, and nobody looks",
         "if (!used && !own && !theirs) continue;",
         "if (!used) continue;"),
        ("second-debt-is-not-asked-about", "a contact about two debts keeps the rules of one",
         "if (!clause.violated.Never()) whole.clauses.push_back(std::move(clause));",
         "static_cast<void>(clause);"),
        ("no-pack-is-permission", "contacted where nobody has read the law",
         "if (!no_pack.gate.Never()) rules.push_back(std::move(no_pack));",
         ""),
        ("no-zone-is-permission", "contacted at an hour that nobody knows",
         "if (!no_zone.gate.Never()) rules.push_back(std::move(no_zone));",
         ""),
        ("law-that-may-apply-silences-the-house", "neither the law's hours nor ours",
         "BindsForCertain(binder, rule, plan)",
         "Signal::Always(true)"),
    ],
    "engine/policy/bundle.cc": [
        ("law-is-warned-away", "a tenant turns a prohibition into a remark",
         "if (rule->effect != Effect::kGuidance) {",
         "if (false) {"),
        ("all-but-these-is-nobody", "a rule for everybody but the lawyer binds for nobody",
         "if (negated) gate.words = ~gate.words;",
         ""),
    ],
    "engine/orchestrator/file_set.cc": [
        ("linked-word-is-not-heard", "a stop said under one name does not hold under the other",
         "if (!OnlyFromOneself(event)) facts.history.push_back(&event);",
         "if (false) facts.history.push_back(&event);"),
    ],
    "engine/orchestrator/handle_attempt.cc": [
        ("pause-is-not-looked-at", "messages leave though somebody has stopped them all",
         "if (covered) {",
         "if (false) {"),
        ("in-flight-is-asked-about-again", "two reminders of one debt under way at once",
         "if (in_flight) return absl::OkStatus();",
         ""),
        ("turn-is-not-judged-again", "a message that was lawful when it was queued leaves at night",
         "if (now.decision.answer != Answer::kAllowed) return let_go(\"denied\");",
         ""),
        ("counts-from-the-queue", "the next one comes early by as long as the last one waited",
         "flight.event.at = handling.now;",
         ""),
    ],
    "engine/orchestrator/stop_switch.cc": [
        ("stop-between-commit-and-send-loses", "a message that leaves after they asked for silence",
         "if (it == expected_.end() || it->second) return Verdict::kOvertaken;",
         "if (it == expected_.end()) return Verdict::kOvertaken;"),
    ],
}

# Compiled and run about as often: -O1 is the least of both together.
BUILD_WITH = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1",
              # A change may leave a name without use; that is not what is tried here.
              "-DCMAKE_CXX_FLAGS=-w", "-DFORBEAR_BENCHMARKS=OFF"]
# A loop that fills the memory ends its own process and not the machine.
MEMORY = 4 << 30
LEAST_LIMIT = 30  # seconds; a busy machine hangs nobody
BASELINE_LIMIT = 1800
MARK = "of-mutate"

LAW = {"calendar", "history", "policy"}
PROPERTIES = "Decide.*:SpansOf.*"  # the slow ones of policy_tests


@dataclasses.dataclass(frozen=True)
class Mutant:
    id: str
    file: str
    does: str
    original: str
    instead: str

    @property
    def room(self):
        return self.file.split("/")[1]


@dataclasses.dataclass
class Killer:
    name: str
    target: str    # what must be built for it
    rooms: set     # the rooms of the engine that it can see
    command: list  # {bin} and {source} are filled in
    failed: object  # output -> names of what failed
    limit: float = LEAST_LIMIT
    known: set = dataclasses.field(default_factory=set)  # fails on the unchanged copy too


def gtest(name, rooms, only="*", called=None):
    return Killer(called or name, name, rooms, [f"{{bin}}/{name}", f"--gtest_filter={only}"],
                  lambda text: re.findall(r"^\[  FAILED  \] ([\w/]+\.[\w/]+)", text, re.M))


def scenarios(name, *arguments):
    return Killer(name, "forbear", LAW, ["{bin}/forbear", *arguments],
                  lambda text: re.findall(r"^(\S+): expected ", text, re.M))


# The cheapest first, linking included.
KILLERS = [
    gtest("calendar_tests", {"calendar", "history"}),
    gtest("policy_tests", LAW, "-" + PROPERTIES),
    scenarios("policy test", "policy", "test", "{source}/policies"),
    scenarios("conformance", "conformance", "--policies", "{source}/policies",
              "{source}/tests/conformance/official-examples.yaml",
              "{source}/tests/conformance/other-duties.yaml"),
    gtest("orchestrator_tests", LAW | {"orchestrator"}),
    gtest("policy_tests", LAW, PROPERTIES, "policy_tests (properties)"),
    gtest("simulation_tests", LAW | {"orchestrator"}),
    Killer("differential", "forbear", LAW,
           ["/usr/bin/python3", "-B", "{source}/tests/reference/differential.py",
            "--forbear", "{bin}/forbear", "--cases", "400", "--seed", "1"],
           lambda text: re.findall(r"^(batch \d+ question \d+):", text, re.M)),
]


class Stop(Exception):
    """Said to whoever called; exit 2."""


def all_mutants():
    return [Mutant(name, file, does, original, instead)
            for file, rows in MUTANTS.items() for name, does, original, instead in rows]


def misfits(root, mutants):
    """{id: why the change cannot be made as it is written here}"""
    found, ids = {}, set()
    for mutant in mutants:
        path = root / mutant.file
        count = path.read_bytes().decode().count(mutant.original) if path.is_file() else 0
        if count != 1:
            found[mutant.id] = f"the text to be replaced stands {count} times in {mutant.file}"
        elif mutant.instead == mutant.original:
            found[mutant.id] = "nothing would change"
        elif mutant.id in ids:
            found[mutant.id] = "the id stands twice"
        ids.add(mutant.id)
    return found


# ---- processes ----------------------------------------------------------------------------------


def run(command, limit=None, memory=None):
    """(exit code, output). None for the code: it did not end in time."""
    def bound():
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    # A group of its own, so that what it started ends with it.
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                          errors="replace", start_new_session=True, preexec_fn=bound) as process:
        try:
            output, _ = process.communicate(timeout=limit)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return None, output
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def tail(text, lines=15):
    return "\n".join("    " + line for line in text.rstrip().splitlines()[-lines:])


def short(names):
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


# ---- the copy -----------------------------------------------------------------------------------


class Copy:
    """The sources and what is built of them, apart from the working tree."""

    def __init__(self, folder):
        self.folder = folder
        self.source, self.objects = folder / "source", folder / "objects"
        mark = folder / MARK
        if folder.is_dir() and any(folder.iterdir()) and not mark.exists():
            raise Stop(f"{folder} holds something else: not touched; name another with --build")
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = mark.open("w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Stop(f"another run is at work in {folder}") from None

    def bring(self):
        """Makes the copy as the working tree is now. What is the same keeps its time, and its objects."""
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                cwd=ROOT, capture_output=True, check=True).stdout
        wanted = set()
        for name in filter(None, listed.decode().split("\0")):
            path = ROOT / name
            # Gone but not yet forgotten by git; and the copy itself, were it kept in the tree.
            if not path.is_file() or path.is_relative_to(self.folder):
                continue
            wanted.add(name)
            there, text = self.source / name, path.read_bytes()
            if not there.is_file() or there.read_bytes() != text:
                there.parent.mkdir(parents=True, exist_ok=True)
                there.write_bytes(text)
            there.chmod(path.stat().st_mode & 0o777 | 0o200)
        for there in self.source.rglob("*"):
            if there.is_file() and str(there.relative_to(self.source)) not in wanted:
                there.unlink()

    def configure(self):
        code, output = run(["cmake", "-S", self.source, "-B", self.objects, *BUILD_WITH])
        if code != 0:
            raise Stop("CMake cannot configure the copy:\n" + tail(output))

    def build(self, *targets):
        """What stood in the way, or None."""
        code, output = run(["cmake", "--build", self.objects, "--target", *targets])
        return None if code == 0 else output

    def test(self, killer):
        """(names of what failed, seconds)"""
        filled = [part.format(bin=self.objects / "bin", source=self.source)
                  for part in killer.command]
        began = time.monotonic()
        code, output = run(filled, killer.limit, MEMORY)
        seconds = time.monotonic() - began
        names = list(dict.fromkeys(killer.failed(output)))
        if code == 0:
            return [], seconds
        begun = re.findall(r"^\[ RUN      \] (\S+)", output, re.M)
        at = f" in {begun[-1]}" if begun else ""
        if code is None:
            names.insert(0, f"hung{at}")
        elif code < 0:
            names.insert(0, f"ended by {signal.Signals(-code).name}{at}")
        elif not names:
            names.append(f"exit {code}")
        return names, seconds


# ---- the run ------------------------------------------------------------------------------------


def check_baseline(copy, killers, keep_going):
    """True if the unchanged copy passes all of them. Sets how long each may take."""
    began = time.monotonic()
    problem = copy.build(*sorted({killer.target for killer in killers}))
    if problem:
        raise Stop("the unchanged copy does not build:\n" + tail(problem))
    print(f"unchanged: built, {time.monotonic() - began:.0f} s", flush=True)
    good = True
    for killer in killers:
        killer.limit = BASELINE_LIMIT
        names, seconds = copy.test(killer)
        killer.limit = max(LEAST_LIMIT, 10 * seconds)
        killer.known = set(names)
        says = f"FAILED: {short(names)}" if names else "passed"
        print(f"unchanged: {killer.name} {says}, {seconds:.1f} s", flush=True)
        good = good and not names
    if not good and not keep_going:
        raise Stop("the unchanged engine fails: nothing can be learnt from changing it")
    return good


def try_mutant(copy, mutant, killers):
    """(killer and what failed | None: survived, True if it could be tried)"""
    path = copy.source / mutant.file
    before = path.read_bytes()
    try:
        path.write_bytes(before.decode().replace(mutant.original, mutant.instead).encode())
        for killer in killers:
            if mutant.room not in killer.rooms:
                continue
            # Just before it is wanted: what is noticed early never links the whole program.
            problem = copy.build(killer.target)
            if problem:
                errors = [line for line in problem.splitlines() if "error:" in line]
                return "does not build: " + (errors or ["\n" + tail(problem)])[0], False
            names, _ = copy.test(killer)
            names = [name for name in names if name not in killer.known]
            if names:
                return f"{killer.name}: {short(names)}", True
        return None, True
    finally:
        path.write_bytes(before)


def run_all(mutants, folder, keep_going):
    copy = Copy(folder)
    copy.bring()
    unfit = misfits(copy.source, mutants)
    for name, why in unfit.items():
        print(f"{name}: {why}", flush=True)
    if unfit and not keep_going:
        raise Stop("mend these first, or leave them out with --keep-going")
    copy.configure()
    rooms = {mutant.room for mutant in mutants}
    killers = [killer for killer in KILLERS if killer.rooms & rooms]
    amiss = not check_baseline(copy, killers, keep_going)

    rows, survived, untried = [], [], 0
    for mutant in mutants:
        began = time.monotonic()
        if mutant.id in unfit:
            by, tried = "does not fit", False
        else:
            by, tried = try_mutant(copy, mutant, killers)
            says = "NOT TRIED, " + by if not tried else "killed by " + by if by else "SURVIVED"
            print(f"{mutant.id}: {says}, {time.monotonic() - began:.0f} s", flush=True)
        if not tried:
            untried += 1
            by = f"not tried: {by.splitlines()[0]}"
        elif by is None:
            survived.append(mutant)
            by = "**survived**"
        rows.append(f"| {mutant.id} | {mutant.file} | {by} |".replace("\n", " "))

    print("\n| mutant | file | killed by |\n|---|---|---|")
    print("\n".join(rows))
    if survived:
        print("\nSurvived, so that no test would notice:")
        for mutant in survived:
            print(f"  {mutant.id}: {mutant.does}")
    killed = len(mutants) - len(survived) - untried
    print(f"\n{len(mutants)} mutants, {killed} killed, {len(survived)} survived"
          + (f", {untried} not tried" if untried else ""))
    return 2 if untried or amiss else 1 if survived else 0


def chosen(parser, ids):
    mutants = all_mutants()
    known = [mutant.id for mutant in mutants]
    for name in ids or []:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            parser.error(f"no mutant `{name}`" + (f"; did you mean `{near[0]}`?" if near else ""))
    return [mutant for mutant in mutants if not ids or mutant.id in ids]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "mutants", metavar="DIR",
                        help="where the copy is kept between runs (build/mutants)")
    parser.add_argument("--only", nargs="+", metavar="ID")
    parser.add_argument("--keep-going", action="store_true")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true")
    what.add_argument("--list", action="store_true")
    options = parser.parse_args()
    mutants = chosen(parser, options.only)

    if options.list:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # for `| head`
        for mutant in mutants:
            print(f"{mutant.id}  {mutant.file}  {mutant.does}")
        return 0
    if options.check:
        unfit = misfits(ROOT, mutants)
        for name, why in unfit.items():
            print(f"{name}: {why}")
        print(f"{len(mutants)} mutants, {len(mutants) - len(unfit)} fit")
        return 1 if unfit else 0

    # However it is ended, the copy is put right first.
    def end(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, end)
    try:
        return run_all(mutants, options.build.resolve(), options.keep_going)
    except Stop as problem:
        print(f"mutate: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("mutate: stopped; the copy is as it was", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
