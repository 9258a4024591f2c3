import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkAppraisalPolicy } from './check-appraisal-policy.ts';
import { ask, host, load, mergedSet, policyEvent, policyText, sha, tools } from './tests/sample-host.ts';

const none = new Map<string, string>();

test('a host that proves all that is asked has nothing against it', () => {
  assert.deepEqual(ask('{}'), []);
  const pcr4 = host.pcrs.get(4) ?? '';
  const asked = [
    'enrolment: maker, tpmFirmware: "0007000200000000", firmwareLog: true, unexplainedPcrs: [], merged: true, immutable: true',
    `pcrs: { 4: [${sha('f')}, ${pcr4}] }`,
    `extensionPolicy: { name: edge, version: ">= 12, < 13", sha256: [${policyEvent.sha256}] }`,
    'extensions: [{ name: tools, version: ">= 2.1" }]',
    'clock: { safe: true, maximumRestarts: 0, continuous: true, maximumResets: 0, maximumGapSeconds: 3600 }',
  ];
  assert.deepEqual(ask(`{ ${asked.join(', ')} }`), []);
});

test('enrolment on first use is known, and not enough where a maker is asked for', () => {
  assert.deepEqual(ask('{ enrolment: maker }', { enrolment: 'first-use' }), ['enrolment-insufficient']);
  assert.deepEqual(ask('{ enrolment: activated }', { enrolment: 'first-use' }), []);
  assert.deepEqual(ask('{ enrolment: activated }', { enrolment: null }), ['fact-unknown']);
});

test('the firmware of the TPM is compared as one number of 64 bits', () => {
  assert.deepEqual(ask('{ tpmFirmware: "0007000200000001" }'), ['firmware-too-old']);
  assert.deepEqual(ask('{ tpmFirmware: "0007000200000001" }', { firmwareVersion: 2n ** 63n }), []);
});

test('a PCR that is not listed speaks against the host, and one that was not quoted does not', () => {
  assert.deepEqual(ask(`{ pcrs: { 4: [${sha('f')}] } }`), ['pcr-not-listed']);
  assert.deepEqual(ask(`{ pcrs: { "9": [${sha('f')}] } }`), ['fact-unknown']);
});

test('a PCR that no log explains may hold anything, unless the policy lets it', () => {
  const firmware = { ...host.firmware!, unexplained: [10, 13] };
  assert.deepEqual(ask('{ unexplainedPcrs: [] }', { firmware }), ['pcr-unexplained']);
  assert.deepEqual(ask('{ unexplainedPcrs: [10] }', { firmware }), []);
  assert.deepEqual(ask('{ unexplainedPcrs: [10] }', { firmware, replayed: new Set() }), ['pcr-unexplained']);
});

test('without a firmware log nothing that it would tell is known', () => {
  for (const asked of [
    '{ firmwareLog: true }',
    '{ unexplainedPcrs: [] }',
    '{ secureBoot: { enabled: true } }',
    `{ boot: { images: [${sha('f')}] } }`,
  ])
    assert.deepEqual(ask(asked, { firmware: null }), ['fact-unknown'], asked);
});

test('the extension policy is asked for by name, by version and by digest', () => {
  assert.deepEqual(ask('{ extensionPolicy: { name: other } }'), ['policy-not-allowed']);
  assert.deepEqual(ask('{ extensionPolicy: { version: ">= 13" } }'), ['policy-not-allowed']);
  assert.deepEqual(ask(`{ extensionPolicy: { sha256: [${sha('f')}] } }`), ['policy-not-allowed']);
  assert.deepEqual(ask('{ extensionPolicy: { name: edge } }', { sets: new Map() }), ['fact-unknown']);
});

test('of several sets those in use count, each with its own policy', () => {
  const older = { ...policyEvent, version: '11' };
  const confext = { ...mergedSet, class: 'confext', policy: older, extensions: [] } as const;
  const both = (state: 'unmerged' | 'merged') =>
    ({
      sets: new Map([
        ['sysext', mergedSet],
        ['confext', { ...confext, state }],
      ] as const),
    }) as const;
  const asked = '{ extensionPolicy: { version: ">= 12" } }';
  assert.deepEqual(ask(asked, both('merged')), ['policy-not-allowed']);
  assert.deepEqual(ask(asked, both('unmerged')), []);
  const gone = new Map([['confext', { ...confext, state: 'unmerged' }]] as const);
  assert.deepEqual(ask(asked, { sets: gone }), ['policy-not-allowed']);
});

test('an extension that must be there is missing under another class, name or version, or once unmerged', () => {
  for (const asked of [
    '{ class: confext, name: tools }',
    '{ name: Tools }',
    '{ name: tools, version: "> 2.1" }',
  ])
    assert.deepEqual(ask(`{ extensions: [${asked}] }`), ['extension-missing'], asked);
  const sets = (set: object) => ({ sets: new Map([['sysext', { ...mergedSet, ...set }]] as const) });
  const asked = '{ extensions: [{ name: tools, version: ">= 0" }] }';
  assert.deepEqual(ask(asked, sets({ state: 'unmerged' })), ['extension-missing']);
  assert.deepEqual(ask(asked, sets({ extensions: [{ ...tools, version: '' }] })), ['extension-missing']);
});

test('a set whose merge was not confirmed is told from one that was, and one that is gone is neither', () => {
  const sets = (state: 'approved' | 'unmerged') => ({
    sets: new Map([['sysext', { ...mergedSet, state }]] as const),
  });
  assert.deepEqual(ask('{ merged: true }', sets('approved')), ['merge-unconfirmed']);
  assert.deepEqual(ask('{ merged: true }', sets('unmerged')), []);
});

test('a mutable hierarchy is bad where it is known, and unknown where it is not', () => {
  assert.deepEqual(ask('{ immutable: true }', { mutable: true }), ['hierarchy-mutable']);
  assert.deepEqual(ask('{ immutable: true }', { mutable: null }), ['fact-unknown']);
});

test('the clock that may have gone back, and too many resumes, are known from the quote alone', () => {
  const clock = { ...host.clock, safe: false, restartCount: 2 };
  assert.deepEqual(ask('{ clock: { safe: true, maximumRestarts: 1 } }', { clock }), [
    'clock-unfit',
    'clock-unfit',
  ]);
  assert.deepEqual(ask('{ clock: { maximumRestarts: 2 } }', { clock }), []);
});

test('what is asked since earlier evidence is unknown without it', () => {
  const asked = '{ clock: { continuous: true, maximumResets: 1, maximumGapSeconds: 10000 } }';
  assert.deepEqual(ask(asked), []);
  assert.deepEqual(ask(asked, { previousClock: null }), ['fact-unknown']);
});

test('resets and running time since earlier evidence are counted', () => {
  const asked = '{ clock: { maximumResets: 1, maximumGapSeconds: 3600 } }';
  const later = (change: object) => ask(asked, { clock: { ...host.clock, ...change } });
  assert.deepEqual(later({ resetCount: 6 }), []);
  assert.deepEqual(later({ resetCount: 7 }), ['clock-unfit']);
  assert.deepEqual(later({ clock: 7_200_001n }), ['clock-unfit']);
  assert.deepEqual(later({ safe: false }), ['fact-unknown'], 'time was lost with the power');
  assert.deepEqual(later({ clock: 3_599_999n }), ['fact-unknown'], 'the clock went back');
});

test('a reset counter that went back does not pass for continuous', () => {
  const clock = { ...host.clock, resetCount: 4 };
  assert.deepEqual(ask('{ clock: { continuous: true } }', { clock }), ['clock-unfit']);
});

test('what only warns is a warning with its place, and no reason', () => {
  const { reasons, warnings } = checkAppraisalPolicy(
    load(policyText('{ immutable: true }', 'warn')),
    { ...host, mutable: true },
    none,
  );
  assert.deepEqual(
    { reasons, warnings },
    {
      reasons: [],
      warnings: [
        { code: 'hierarchy-mutable', message: 'A merged hierarchy is mutable.', at: 'hosts.yaml:9:24' },
      ],
    },
  );
});

const labelled = `${policyText('{ immutable: true }')}    when: { labels: { env: [production, staging], site: edge } }
  - name: laboratory
    when: { labels: { env: laboratory } }
    require: { merged: true }
  - name: everywhere at the edge
    when: { labels: { site: edge } }
    warn: { immutable: true }
`;

function askLabelled(labels: Record<string, string>) {
  const { reasons, warnings } = checkAppraisalPolicy(
    load(labelled),
    { ...host, mutable: true },
    new Map(Object.entries(labels)),
  );
  return [reasons.map(({ code }) => code), warnings.map(({ code }) => code)];
}

test('every rule that is about the host counts, and no other', () => {
  assert.deepEqual(askLabelled({ env: 'staging', site: 'edge' }), [
    ['hierarchy-mutable'],
    ['hierarchy-mutable'],
  ]);
  assert.deepEqual(askLabelled({ env: 'test', site: 'edge' }), [[], ['hierarchy-mutable']]);
  assert.deepEqual(askLabelled({ env: 'laboratory' }), [[], []]);
});

test('of a rule that is not about the host only that is told', () => {
  const labels = new Map([['env', 'laboratory']]);
  const { rules } = checkAppraisalPolicy(load(labelled), { ...host, mutable: true }, labels);
  assert.deepEqual(
    rules.map(({ mismatches, reasons, warnings }) => [mismatches.length, reasons.length, warnings.length]),
    [
      [2, 0, 0],
      [0, 0, 0],
      [1, 0, 0],
    ],
  );
  assert.match(
    rules[0]?.mismatches[0] ?? '',
    /^is about hosts with the label env: production or staging, and the host's is laboratory$/,
  );
});

test('a host that no rule is about is refused', () => {
  assert.deepEqual(askLabelled({ env: 'production' }), [['host-not-covered'], []]);
  assert.deepEqual(askLabelled({}), [['host-not-covered'], []]);
});
