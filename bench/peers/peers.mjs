// How many answers a second three rule engines give to one question of 13 conditions: may this
// contact be made? Prints one JSON line an engine.
//
// The question is only like ours: its answer is yes or no. Counting the attempts, reading the
// borrower's clock and finding the consent have already been done for it. Its numbers are for
// measuring and stand for no law.
//
//   node peers.mjs [SECONDS]      how long each of the five runs of an engine takes; default 1

import {readFileSync} from 'node:fs';
import {setFlagsFromString} from 'node:v8';

import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import {Environment} from '@marcbachmann/cel-js';
import {Engine} from 'json-rules-engine';

// V8 in Node 20.20 aborts when a function into which it inlined a call of WebAssembly that returns an
// object loses its optimization during that call. What inlining saves is nothing beside Cedar's work.
setFlagsFromString('--no-turbo-inline-js-wasm-calls');

const RUNS = 5;
const SECONDS = Number(process.argv[2] ?? 1);
// V8 compiles WebAssembly anew while it runs; on one core that takes most of a second.
const WARM_UP_SECONDS = 2 * SECONDS;
const ASKED_BETWEEN_LOOKS_AT_THE_CLOCK = 100;

// One row a condition: the fact, a value that holds, and the values that spoil it. Where there is
// an edge, the value that holds is the last that does. The hour of day is one condition of two
// comparisons: not before the one minute, and before the other.
const QUESTION = [
  ['channel', 'sms', ['visit']],
  ['purpose', 'payment_reminder', ['advertising']],
  ['role', 'third_party_collector', ['creditor']],
  ['local_minute', 480, [479, 1260]],
  ['weekday', 'fri', ['sun']],
  ['days_past_due', 1, [0]],
  ['cease_requested', false, [true]],
  ['disputed', false, [true]],
  ['attorney_known', false, [true]],
  ['attempts_in_7_days', 6, [7]],
  ['days_since_conversation', 7, [6]],
  ['consent', true, [false]],
  ['to', 'borrower', ['employer']],
];
const HOLDS = Object.fromEntries(QUESTION.map(([fact, holds]) => [fact, holds]));

// Every minute at which contact is open, so that no engine is asked the same thing twice in a row.
const ASKED = Array.from({length: 1260 - 480}, (_, i) => ({...HOLDS, local_minute: 480 + i}));

function celJs() {
  const environment = new Environment();
  const types = {string: 'string', number: 'double', boolean: 'bool'};
  for (const [fact, holds] of QUESTION) environment.registerVariable(fact, types[typeof holds]);
  const ask = environment.parse(`
      channel in ["call", "sms", "email"]
      && purpose == "payment_reminder"
      && role == "third_party_collector"
      && local_minute >= 480.0 && local_minute < 1260.0
      && weekday in ["mon", "tue", "wed", "thu", "fri"]
      && days_past_due >= 1.0
      && !cease_requested
      && !disputed
      && !attorney_known
      && attempts_in_7_days < 7.0
      && days_since_conversation >= 7.0
      && consent
      && to == "borrower"`);
  return {
    name: '@marcbachmann/cel-js',
    given: 'one expression, parsed once, its variables declared with their types; each time a plain object of 13 facts',
    ask,
  };
}

function jsonRulesEngine() {
  const engine = new Engine([
    {
      conditions: {
        all: [
          {fact: 'channel', operator: 'in', value: ['call', 'sms', 'email']},
          {fact: 'purpose', operator: 'equal', value: 'payment_reminder'},
          {fact: 'role', operator: 'equal', value: 'third_party_collector'},
          {fact: 'local_minute', operator: 'greaterThanInclusive', value: 480},
          {fact: 'local_minute', operator: 'lessThan', value: 1260},
          {fact: 'weekday', operator: 'in', value: ['mon', 'tue', 'wed', 'thu', 'fri']},
          {fact: 'days_past_due', operator: 'greaterThanInclusive', value: 1},
          {fact: 'cease_requested', operator: 'equal', value: false},
          {fact: 'disputed', operator: 'equal', value: false},
          {fact: 'attorney_known', operator: 'equal', value: false},
          {fact: 'attempts_in_7_days', operator: 'lessThan', value: 7},
          {fact: 'days_since_conversation', operator: 'greaterThanInclusive', value: 7},
          {fact: 'consent', operator: 'equal', value: true},
          {fact: 'to', operator: 'equal', value: 'borrower'},
        ],
      },
      event: {type: 'allowed'},
    },
  ]);
  return {
    name: 'json-rules-engine',
    given: 'one rule in an engine built once; each time a plain object of 13 facts, its promise awaited before the next',
    ask: async (facts) => (await engine.run(facts)).events.length === 1,
  };
}

function cedarWasm() {
  const parsed = cedar.preparsePolicySet('question', {
    staticPolicies: `
      permit (principal, action, resource) when {
        ["call", "sms", "email"].contains(context.channel)
        && context.purpose == "payment_reminder"
        && context.role == "third_party_collector"
        && context.local_minute >= 480 && context.local_minute < 1260
        && ["mon", "tue", "wed", "thu", "fri"].contains(context.weekday)
        && context.days_past_due >= 1
        && !context.cease_requested
        && !context.disputed
        && !context.attorney_known
        && context.attempts_in_7_days < 7
        && context.days_since_conversation >= 7
        && context.consent
        && context.to == "borrower"
      };`,
  });
  if (parsed.type !== 'success') throw new Error(`cedar: ${JSON.stringify(parsed.errors)}`);
  const call = {
    principal: {type: 'Collector', id: 'lender'},
    action: {type: 'Action', id: 'contact'},
    resource: {type: 'Account', id: 'account'},
    preparsedPolicySetId: 'question',
    entities: [],
  };
  return {
    name: '@cedar-policy/cedar-wasm',
    given:
      'one policy, preparsed, no schema and no entities; each time the 13 facts as the context of `statefulIsAuthorized`, crossing into WebAssembly',
    ask: (facts) => {
      const answer = cedar.statefulIsAuthorized({...call, context: facts});
      // A policy that cannot be evaluated is also a refusal; here it would be a mistake of ours.
      if (answer.type !== 'success' || answer.response.diagnostics.errors.length > 0) {
        throw new Error(`cedar: ${JSON.stringify(answer)}`);
      }
      return answer.response.decision === 'allow';
    },
  };
}

// A fast wrong answer is worth nothing: each condition must decide, alone, in each engine.
async function check({name, ask}) {
  const must = async (facts, expected, why) => {
    const answer = await ask(facts);
    if (answer !== expected) throw new Error(`${name}: ${why}: answered ${answer}`);
  };
  for (const facts of ASKED) await must(facts, true, `open at minute ${facts.local_minute}`);
  for (const [fact, , spoiled] of QUESTION) {
    for (const value of spoiled) {
      await must({...HOLDS, [fact]: value}, false, `${fact} is ${value}`);
    }
  }
}

// Answers a second. What answers at once is not awaited: that would cost it a turn of the queue.
async function measure({name, ask}, seconds) {
  let asked = 0;
  let allowed = 0;
  let elapsed = 0;
  const began = performance.now();
  do {
    for (let i = 0; i < ASKED_BETWEEN_LOOKS_AT_THE_CLOCK; ++i) {
      const answer = ask(ASKED[asked++ % ASKED.length]);
      if (typeof answer === 'boolean' ? answer : await answer) ++allowed;
    }
    elapsed = (performance.now() - began) / 1000;
  } while (elapsed < seconds);
  if (allowed !== asked) throw new Error(`${name}: refused ${asked - allowed} of ${asked}`);
  return asked / elapsed;
}

function installedVersion(name) {
  const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

const peers = [celJs(), jsonRulesEngine(), cedarWasm()];
for (const peer of peers) await check(peer);
for (const peer of peers) await measure(peer, WARM_UP_SECONDS);
// They take turns, so that a machine that slows down slows all of them.
const rates = peers.map(() => []);
for (let run = 0; run < RUNS; ++run) {
  for (const [i, peer] of peers.entries()) rates[i].push(await measure(peer, SECONDS));
}
for (const [i, {name, given}] of peers.entries()) {
  const median = rates[i].sort((a, b) => a - b)[RUNS >> 1];
  const per_second = Math.round(median);
  console.log(JSON.stringify({name, version: installedVersion(name), per_second, given}));
}
