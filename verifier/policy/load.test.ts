import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';

import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { CouldNotDecide } from '../bytes/failures.ts';
import { loadPolicy } from './load.ts';
import { PolicyInvalid } from './policy-text.ts';
import { filesBy } from '../../test-vectors/generate/policy-files.ts';
import type { Policy } from './policy.ts';

const pki = new OpensslPki();
after(() => pki.remove());

const files: Readonly<Record<string, Uint8Array | string>> = {
  'vendor.pem': pki.issue({ subject: '/CN=vendor', extensions: ['basicConstraints=critical,CA:TRUE'] }).der,
  'garbage.pem': 'nothing of the kind',
};

function load(text: string): Promise<Policy> {
  return loadPolicy({
    text: Buffer.from(text),
    path: 'policy.yaml',
    files: filesBy((path) => {
      const bytes = files[path];
      if (path === 'io-error.pem') return Promise.reject(new RangeError('the disk is on fire'));
      if (bytes === undefined) return Promise.reject(new CouldNotDecide(`${path} does not exist`));
      return Promise.resolve(Buffer.from(bytes));
    }),
  });
}

/** The problems as `line:column: message`. */
async function problemsOf(text: string): Promise<string[]> {
  const error: unknown = await load(text).then(
    () => assert.fail('the policy was loaded'),
    (one: unknown) => one,
  );
  assert.ok(error instanceof PolicyInvalid, String(error));
  assert.equal(error.message, error.problems.map(({ at, message }) => `${at}: ${message}`).join('\n'));
  return error.problems.map(({ at, message }) => `${at.replace(/^policy\.yaml:/, '')}: ${message}`);
}

const good = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: edge, version: 12 }
trust:
  vendor: { certificates: [vendor.pem], extendedKeyUsage: [codeSigning] }
  "ops team": { certificates: [vendor.pem], pinned: true }
revoked:
  rootHashes: [${'a'.repeat(64)}, ${'b'.repeat(128)}]
  certificates: [{ sha256: ${'c'.repeat(64)} }]
rules:
  - name: vendor tools
    match: { class: sysext, name: "vendor-*" }
    require: { signedBy: [vendor, ops team], architecture: [x86-64] }
  - name: site
    match: {}
    require: { signedBy: [ops team] }
mode: enforce
onRefused: abort
measure: { pcr: 12 }
`;

const unrestricted = {
  ...{ labels: new Map(), validity: { notBefore: null, notAfter: null } },
  ...{ rootHashes: null, hashTypes: [1], version: null, noDowngrade: false },
};

test('a policy is read with its places and its certificates', async () => {
  const { anchors, rules, document, ...policy } = await load(good);
  assert.deepEqual(policy, {
    name: 'edge',
    version: 12,
    sha256: createHash('sha256').update(good).digest('hex'),
    path: 'policy.yaml',
    revokedRootHashes: new Set(['a'.repeat(64), 'b'.repeat(128)]),
    revokedCertificates: new Set(['c'.repeat(64)]),
    revocationPlaces: new Map([
      ['a'.repeat(64), 'policy.yaml:8:16'],
      ['b'.repeat(128), 'policy.yaml:8:82'],
      ['c'.repeat(64), 'policy.yaml:9:18'],
    ]),
    ...{
      minimum: null,
      replaces: null,
      mode: 'enforce',
      onRefused: 'abort',
      measurePcr: 12,
      withoutTpm: 'refuse',
      warnings: [],
    },
  });
  assert.equal(document?.at(['rules', 1]), 'policy.yaml:14:5');
  assert.deepEqual(
    anchors.map(({ certificates, ...set }) => [set, certificates.map(({ subject }) => subject)]),
    [
      [
        { name: 'vendor', mode: 'issued', extendedKeyUsage: ['1.3.6.1.5.5.7.3.3'], revocationLists: null },
        ['CN=vendor'],
      ],
      [{ name: 'ops team', mode: 'pinned', extendedKeyUsage: [], revocationLists: null }, ['CN=vendor']],
    ],
  );
  const [vendor, site] = rules;
  assert.deepEqual(vendor, {
    ...{ ...unrestricted, name: 'vendor tools', class: 'sysext', nameGlob: 'vendor-*', form: null },
    admits: { kind: 'signed-by', sets: ['vendor', 'ops team'] },
    ...{ architecture: ['x86-64'], at: 'policy.yaml:11:5' },
  });
  assert.deepEqual(site, {
    ...{ ...unrestricted, name: 'site', class: null, nameGlob: null, architecture: null, form: null },
    ...{ admits: { kind: 'signed-by', sets: ['ops team'] }, at: 'policy.yaml:14:5' },
  });
});

test('JSON is read as the YAML it is, and what is not written has its default', async () => {
  const json = {
    apiVersion: 'touchstone/v1',
    kind: 'ExtensionPolicy',
    metadata: { name: 'edge', version: 1 },
    trust: { vendor: { certificates: ['vendor.pem'] } },
    rules: [{ name: 'all', match: {}, require: { signedBy: ['vendor'] } }],
  };
  const policy = await load(JSON.stringify(json));
  assert.deepEqual(policy.rules[0]?.admits, { kind: 'signed-by', sets: ['vendor'] });
  assert.deepEqual(
    [policy.onRefused, policy.measurePcr, policy.anchors[0]?.mode],
    ['quarantine', 13, 'issued'],
  );
  assert.deepEqual([policy.revokedRootHashes.size, policy.revokedCertificates.size], [0, 0]);
});

test('the digest is of the exact bytes of the file', async () => {
  assert.notEqual((await load(good)).sha256, (await load(`${good}\n`)).sha256);
});

const known = {
  top: 'known: apiVersion, kind, metadata, trust, revoked, rules, mode, onRefused, measure',
  trust: 'known: certificates, directories, crls, pinned, extendedKeyUsage',
  require:
    'known: signedBy, signedByAll, treeDigest, fileDigest, rootHash, architecture, hashType, version, noDowngrade',
};

/** What is changed in the good policy, and the problems that must be found. */
const bad: Readonly<Record<string, readonly [from: string | RegExp, to: string, ...problems: string[]]>> = {
  'an unknown key at the top': [
    'mode:',
    'ruels: []\nmode:',
    `17:1: unknown key "ruels" (did you mean "rules"? ${known.top})`,
  ],
  'an unknown key in a rule': [
    'signedBy: [vendor,',
    'signedby: [vendor], signedBy: [vendor,',
    `13:16: rules.0.require: unknown key "signedby" (did you mean "signedBy"? ${known.require})`,
  ],
  'a key of a later version in a rule': [
    'architecture: [x86-64]',
    'neverOnFridays: true',
    `13:46: rules.0.require: unknown key "neverOnFridays" (${known.require})`,
  ],
  'a key of a later version in a trust set': [
    'pinned: true',
    'anchorsOnToken: pkcs11',
    `6:45: trust.ops team: unknown key "anchorsOnToken" (${known.trust})`,
  ],
  'a merge key': ['mode:', '<<: {}\nmode:', `17:1: unknown key "<<" (${known.top})`],
  'a rule that admits unsigned images': [
    'signedBy: [vendor, ops team]',
    'signedBy: []',
    '13:26: rules.0.require.signedBy: names nobody: no rule can admit what nobody signed',
  ],
  'a rule without signedBy': [
    /signedBy: .*?\], /,
    '',
    '13:14: rules.0.require: needs one of signedBy, signedByAll, treeDigest, fileDigest: no rule can admit just anything',
  ],
  'a rule without require': [/ {4}require: .*x86.*\n/, '', '11:5: rules.0.require: is missing'],
  'a rule without match': [/ {4}match: \{\}\n/, '', '14:5: rules.1.match: is missing'],
  'an empty match without braces': [
    'match: {}',
    'match:',
    '15:11: rules.1.match: Invalid input: expected object, received null',
  ],
  'a trust set that is not there': [
    '[vendor, ops team]',
    '[ops team, vendro]',
    '13:37: no trust set is named "vendro" (did you mean "vendor"? known: vendor, ops team)',
  ],
  'a trust set that every object seems to have': [
    '[vendor, ops team]',
    '[vendor, constructor]',
    '13:35: no trust set is named "constructor" (known: vendor, ops team)',
  ],
  'a trust set without certificates': [
    '[vendor.pem], ext',
    '[], ext',
    '5:27: trust.vendor.certificates: trusts nobody',
  ],
  'a trust set without a name': ['vendor: {', '"": {', '5:3: trust: the name "" is empty'],
  'a certificate that is not there': [
    '[vendor.pem], ext',
    '[gone.pem], ext',
    '5:28: gone.pem does not exist',
  ],
  'a certificate that cannot be read': [
    '[vendor.pem], pinned',
    '[vendor.pem, io-error.pem], pinned',
    '6:44: the disk is on fire',
  ],
  'a certificate that is none': [
    '[vendor.pem], ext',
    '[garbage.pem], ext',
    '5:28: garbage.pem: has no certificate',
  ],
  'a usage that is none': [
    '[codeSigning]',
    '[anyExtendedKeyUsage]',
    '5:60: trust.vendor.extendedKeyUsage.0: Invalid option: ' +
      'expected one of "serverAuth"|"clientAuth"|"codeSigning"|"emailProtection"',
  ],
  'another kind': [
    'ExtensionPolicy',
    'AppraisalPolicy',
    '2:7: kind: Invalid input: expected "ExtensionPolicy"',
  ],
  'another version of the format': [
    'touchstone/v1',
    'touchstone/v2',
    '1:13: apiVersion: Invalid input: expected "touchstone/v1"',
  ],
  'no format at all': [/apiVersion.*\n/, '', '1:1: apiVersion: is missing'],
  'a version that is text': [
    'version: 12',
    'version: "12"',
    '3:34: metadata.version: Invalid input: expected number, received string',
  ],
  'version 0': ['version: 12', 'version: 0', '3:34: metadata.version: is not 1 or more'],
  'a name that YAML takes for a number': [
    'name: edge',
    'name: 12',
    '3:19: metadata.name: Invalid input: expected string, received number; put it in quotes',
  ],
  'a name that is too long': [
    'name: edge',
    `name: ${'e'.repeat(65)}`,
    '3:19: metadata.name: is longer than 64 characters',
  ],
  'control characters in the name of a rule': [
    'name: vendor tools',
    'name: "vendor\\u001b[2J"',
    '11:11: rules.0.name: has control characters or others that cannot be printed',
  ],
  'a name that turns the text around': [
    'name: site',
    'name: "\\u202etis"',
    '14:11: rules.1.name: has control characters or others that cannot be printed',
  ],
  'half a character in a name': [
    'name: site',
    'name: "\\ud800"',
    '14:11: rules.1.name: has control characters or others that cannot be printed',
  ],
  'a glob without an end': [
    '"vendor-*"',
    '"vendor-["',
    '12:35: rules.0.match.name: is not a glob: a [ has no ]',
  ],
  'a PCR that any root process can reset': [
    'pcr: 12',
    'pcr: 23',
    '19:17: measure.pcr: is no PCR to measure into: any root process can reset 16 and 23, and 17 to 22 are of ' +
      'other localities',
  ],
  'a root hash in capitals': [
    'a'.repeat(64),
    'A'.repeat(64),
    '8:16: revoked.rootHashes.0: is not a root hash in lowercase hexadecimal',
  ],
  'a digest of digits alone': [
    'c'.repeat(64),
    '1'.repeat(64),
    '9:28: revoked.certificates.0.sha256: Invalid input: expected string, received number; put it in quotes',
  ],
  'an unknown mode': [
    'enforce',
    'permissive',
    '17:7: mode: Invalid option: expected one of "enforce"|"audit"',
  ],
  'a minimum above the version': [
    'version: 12 }',
    'version: 12, minimum: 13 }',
    '3:47: metadata.minimum: is higher than the version, so that no host could take this policy twice',
  ],
  'two rules of one name': [
    'name: site',
    'name: vendor tools',
    '14:11: a rule named "vendor tools" stands further up',
  ],
  'a duplicate key': [
    'mode:',
    'kind: ExtensionPolicy\nmode:',
    '17:1: the key "kind" stands here a second time',
  ],
  'a duplicate key in other words': [
    'signedBy: [vendor,',
    '"\\x73ignedBy": [ops team], signedBy: [vendor,',
    '13:43: the key "signedBy" stands here a second time',
  ],
  'an anchor and an alias': [
    '[vendor, ops team]',
    '&all [vendor], extra: *all',
    '13:31: anchors are not allowed in a policy',
    '13:48: aliases are not allowed in a policy; write the value out',
  ],
  'a tag': ['name: edge', 'name: !!str edge', '3:25: tags are not allowed in a policy'],
  'a __proto__ key': ['mode:', '__proto__: { mode: enforce }\nmode:', '17:1: a key must be plain text'],
  'a key that is a number': ['"ops team": {', '1: {', '6:3: a key must be plain text'],
  'two documents': [
    /$/,
    '---\n{}\n',
    '20:1: Source contains multiple documents; please use YAML.parseAllDocuments()',
  ],
  'YAML 1.1, where other values are written the same': [
    /^/,
    '%YAML 1.1\n---\n',
    '1:1: %YAML is not allowed in a policy: it is YAML 1.2',
  ],
  'what is no YAML': [
    'mode: enforce',
    'mode: [',
    '18:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  'several problems, in the order of the file': [
    /kind: ExtensionPolicy([^]*)mode: enforce/,
    'kind: X$1mode: permissive',
    '2:7: kind: Invalid input: expected "ExtensionPolicy"',
    '17:7: mode: Invalid option: expected one of "enforce"|"audit"',
  ],
  'names and certificates together': [
    /vendor\.pem\], pinned([^]*)\[vendor, ops team\]/,
    'gone.pem], pinned$1[vendro]',
    '6:32: gone.pem does not exist',
    '13:27: no trust set is named "vendro" (did you mean "vendor"? known: vendor, ops team)',
  ],
};

for (const [what, [from, to, ...problems]] of Object.entries(bad)) {
  test(`${what} is a problem with its place`, async () => {
    const text = good.replace(from, to);
    assert.notEqual(text, good);
    assert.deepEqual(await problemsOf(text), problems);
  });
}

for (const pcr of [-1, 16, 17, 18, 19, 20, 21, 22, 23, 24, 1.5]) {
  test(`PCR ${pcr} is not measured into`, async () => {
    const [problem] = await problemsOf(good.replace('pcr: 12', `pcr: ${pcr}`));
    assert.match(problem ?? '', /^19:17: measure\.pcr: /);
  });
}

/** The good policy with a trust set, or a rule, written otherwise. */
const edited = (from: string | RegExp, to: string) => load(good.replace(from, to));

test('labels, validity and versions of a rule are read', async () => {
  const { rules } = await edited(
    'match: {}',
    "match: { labels: { env: [staging, test], region: eu } }\n    validity: { notAfter: '2027-01-31' }",
  );
  assert.deepEqual(
    rules[1]?.labels,
    new Map([
      ['env', ['staging', 'test']],
      ['region', ['eu']],
    ]),
  );
  const end = new Date('2027-01-31T23:59:59.999Z');
  assert.deepEqual(rules[1].validity, { notBefore: null, notAfter: end });
  const { rules: versioned } = await edited('architecture: [x86-64]', "version: '>= 2', noDowngrade: true");
  assert.deepEqual(versioned[0]?.version, {
    text: '>= 2',
    comparisons: [{ operator: '>=', version: '2' }],
  });
  assert.equal(versioned[0].noDowngrade, true);
});

test('certificates can be revoked by issuer and serial number, in the words of a certificate', async () => {
  const { revokedCertificates } = await edited(
    /certificates: \[\{ sha256: .*? \}\]/,
    "certificates: [{ issuer: 'CN=a, O=b', serial: '0a1b' }]",
  );
  assert.deepEqual(revokedCertificates, new Set(['0a1b of cn=a,o=b']));
});
