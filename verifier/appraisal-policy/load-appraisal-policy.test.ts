import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { PolicyInvalid } from '../policy/policy-text.ts';
import { digestOf, load, policyText, sha } from './tests/sample-host.ts';

function problemsOf(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof PolicyInvalid);
    return error.problems.map(({ at, message }) => `${at}: ${message}`);
  }
  return [];
}

test('a policy is named, and known by the digest of its bytes', () => {
  const text = policyText('{ merged: true }');
  const { name, version, sha256, rules, warnings } = load(text);
  assert.deepEqual([name, version, warnings], ['hosts', 3, []]);
  assert.equal(sha256, createHash('sha256').update(text).digest('hex'));
  assert.deepEqual(
    rules.map((rule) => [rule.name, rule.at, rule.warn]),
    [['all hosts', 'hosts.yaml:8:5', null]],
  );
});

test('the updates of dbx are in order of time, however they are written', () => {
  const asked = '{ secureBoot: { enabled: true, dbxDate: 2023-05-09 } }';
  const text = policyText(asked).replace('rules:', `  2021-01-01: [${sha('e')}]\nrules:`);
  assert.deepEqual(
    load(text).dbx.map(({ day }) => day),
    ['2021-01-01', '2023-05-09', '2025-06-10'],
  );
});

test('PCRs may be written as numbers, once each', () => {
  const value = digestOf('a');
  assert.deepEqual(problemsOf(policyText(`{ pcrs: { 4: ["${value}"], "11": ["${value}"] } }`)), []);
  const path = 'hosts.yaml:9';
  for (const [key, wrong] of [
    ['4: [], "4"', `${path}:31: the key "4" stands here a second time`],
    ['0x4', `${path}:24: a key must be plain text`],
    ['04', `${path}:24: a key must be plain text`],
    ['4.0', `${path}:24: a key must be plain text`],
    ['24', `${path}:24: rules.0.require.pcrs: the name "24" is not a PCR, 0 to 23`],
  ] as const)
    assert.deepEqual(problemsOf(policyText(`{ pcrs: { ${key}: ["${value}"] } }`)), [wrong], key);
});

const invalid: readonly (readonly [name: string, requirement: string, problem: string])[] = [
  [
    'a key that is not known',
    '{ merge: true }',
    '9:16: rules.0.require: unknown key "merge" (did you mean "merged"?',
  ],
  [
    'a key below',
    '{ secureBoot: { enable: true } }',
    '9:30: rules.0.require.secureBoot: unknown key "enable" (did you mean "enabled"?',
  ],
  [
    'a switch that is off',
    '{ merged: false }',
    '9:24: rules.0.require.merged: can only be true; leave it out to ask nothing',
  ],
  [
    'an update that is not listed',
    '{ secureBoot: { enabled: true, dbxDate: 2024-01-01 } }',
    '9:54: no update of 2024-01-01 stands under dbx (known: 2023-05-09, 2025-06-10)',
  ],
  [
    'no day',
    '{ secureBoot: { sbatLevel: 2024-02-30 } }',
    '9:41: rules.0.require.secureBoot.sbatLevel: is not a day that exists',
  ],
  [
    'no version range',
    '{ extensionPolicy: { version: "12" } }',
    '9:44: rules.0.require.extensionPolicy.version: is not a version range',
  ],
  [
    'a policy of nothing',
    '{ extensionPolicy: {} }',
    '9:33: rules.0.require.extensionPolicy: asks for nothing',
  ],
  ['an empty list', '{ boot: { images: [] } }', '9:32: rules.0.require.boot.images: lists none'],
  [
    'no section',
    `{ boot: { sections: { linux: [${sha('f')}] } } }`,
    '9:36: rules.0.require.boot.sections: the name "linux" is not the name of a section',
  ],
  [
    'a digest in capitals',
    `{ pcrs: { 4: [${sha('f').toUpperCase()}] } }`,
    '9:28: rules.0.require.pcrs.4.0: is not a SHA-256',
  ],
  [
    'a version of firmware that is no number',
    '{ tpmFirmware: "7.2" }',
    '9:29: rules.0.require.tpmFirmware: is not 16 lowercase hexadecimal digits',
  ],
];

for (const [name, requirement, problem] of invalid) {
  test(`${name} is a problem with its place, in require and in warn`, () => {
    const [found = '', ...others] = problemsOf(policyText(requirement));
    assert.deepEqual(others, []);
    assert.ok(found.startsWith(`hosts.yaml:${problem}`), found);
    assert.equal(problemsOf(policyText(requirement, 'warn')).length, 1);
  });
}

test('a rule needs a name of its own, and something to ask', () => {
  const more = (text: string) => problemsOf(`${policyText('{ merged: true }')}  - ${text}\n`);
  assert.deepEqual(more('{ name: all hosts, warn: { merged: true } }'), [
    'hosts.yaml:10:13: a rule named "all hosts" stands further up',
  ]);
  assert.deepEqual(more('{ name: other }'), ['hosts.yaml:10:5: rules.1: needs require, warn or both']);
});

test('a policy about extensions is none about hosts', () => {
  const text = policyText('{ merged: true }').replace('AppraisalPolicy', 'ExtensionPolicy');
  assert.match(problemsOf(text).join(), /^hosts\.yaml:2:7: kind: .*"AppraisalPolicy"/);
});

test('a policy without rules is refused: it would trust every host', () => {
  const text = policyText('{}').replace(/rules:[^]*/, 'rules: []\n');
  assert.deepEqual(problemsOf(text), ['hosts.yaml:7:8: rules: are none']);
});

const warned: readonly (readonly [requirement: string, warnings: readonly string[]])[] = [
  ['{}', ['9:14: require asks for nothing', '8:3: no rule requires anything']],
  ['{ clock: {} }', ['9:23: require.clock asks for nothing']],
  [
    `{ secureBoot: { db: [${sha('f')}] } }`,
    ['9:28: what the keys are says little while Secure Boot may be off; add enabled: true'],
  ],
  [
    `{ boot: { sections: { .linux: [${sha('f')}] } } }`,
    ['9:34: says little where anything may have been started before; add boot.images, or pcrs 4'],
  ],
  [
    `{ pcrs: { 11: [${sha('f')}] } }`,
    ['9:28: says little where anything may have been started before; add pcrs 4, or boot.images'],
  ],
  [`{ pcrs: { 4: [${sha('f')}], 11: [${sha('f')}] }, boot: { commandLines: [] } }`, []],
];

test('what is hardly meant is a warning with its place', () => {
  for (const [requirement, warnings] of warned)
    assert.deepEqual(
      load(policyText(requirement)).warnings.map(({ at, message }) => `${at}: ${message}`),
      warnings.map((one) => `hosts.yaml:${one}`),
      requirement,
    );
});

test('updates of dbx that nothing asks for, and PCRs that root can reset, are warned of', () => {
  const updates = policyText('{ merged: true }').replace(
    '\n\n\n\n',
    `\ndbx: { 2023-05-09: [${sha('f')}] }\n\n\n`,
  );
  assert.deepEqual(load(updates).warnings, [
    { message: 'no rule asks for an update of dbx by its date', at: 'hosts.yaml:4:6' },
  ]);
  const [reset] = load(policyText(`{ pcrs: { 23: [${sha('f')}] } }`, 'warn')).warnings;
  assert.deepEqual(reset, {
    message: 'any root process can reset PCR 23, so its value proves nothing',
    at: 'hosts.yaml:9:25',
  });
});

test('a policy that only warns says so', () => {
  assert.deepEqual(
    load(policyText('{ merged: true }', 'warn')).warnings.map(({ message }) => message),
    ['no rule requires anything'],
  );
});
