import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  askAboutImagePolicy,
  imagePolicies,
  readImagePolicyVerdicts,
  systemdWithImagePolicies,
} from '../../test-vectors/generate/image-policies.ts';
import { parseHex } from '../bytes/hex.ts';
import type { Policy, Rule } from '../policy/policy.ts';
import { trustOnlyPolicy } from '../policy/trust-only-policy.ts';
import { admittedForms, imagePolicy, inCommon, withoutGate } from './image-policy.ts';

const trusting = trustOnlyPolicy([]);
const [signed] = trusting.rules;
assert.ok(signed !== undefined);
const values = new Set([parseHex('ab'.repeat(32), 'digest')]);
const bare: Rule = { ...signed, form: 'bare', admits: { kind: 'digest', form: 'bare', values } };
const directory: Rule = {
  ...signed,
  form: 'directory',
  admits: { kind: 'digest', form: 'directory', values },
};

function policyOf(...rules: readonly Rule[]): Policy {
  return { ...trusting, rules };
}

function sysextPolicy(...rules: readonly Rule[]): string {
  return imagePolicy(admittedForms(policyOf(...rules), 'sysext'));
}

test('rules that trust signers ask for signed partitions, and never for verity', () => {
  assert.equal(sysextPolicy(signed), 'root=signed+absent:usr=signed+absent');
  const all: Rule = { ...signed, admits: { kind: 'signed-by-all', sets: ['a', 'b'] } };
  assert.equal(sysextPolicy(all), 'root=signed+absent:usr=signed+absent');
  for (const policy of imagePolicies) assert.doesNotMatch(policy, /verity|open|ignore|unused|encrypted/);
});

test('without a rule that could accept it nothing of a class is merged', () => {
  assert.equal(sysextPolicy(), '~');
  assert.equal(sysextPolicy({ ...signed, class: 'confext' }), '~');
  assert.equal(sysextPolicy(directory), '~');
});

test('only rules about bare file systems loosen the policy, and only of their class', () => {
  const policy = policyOf({ ...bare, class: 'confext' }, signed);
  assert.equal(imagePolicy(admittedForms(policy, 'sysext')), 'root=signed+absent:usr=signed+absent');
  assert.equal(
    imagePolicy(admittedForms(policy, 'confext')),
    'root=signed+unprotected+absent:usr=signed+absent',
  );
  assert.equal(sysextPolicy(bare), 'root=unprotected:=absent');
});

test('a rule whose form contradicts what it lists admits nothing', () => {
  assert.equal(sysextPolicy({ ...bare, form: 'ddi' }), '~');
  assert.equal(sysextPolicy({ ...signed, form: 'bare' }), '~');
  assert.equal(sysextPolicy({ ...signed, form: 'directory' }), '~');
});

test('a rule behind one that takes everything does not loosen the policy', () => {
  const never = { ...bare, form: null };
  assert.equal(sysextPolicy(signed, never), 'root=signed+absent:usr=signed+absent');
  assert.equal(sysextPolicy({ ...signed, nameGlob: '**' }, never), 'root=signed+absent:usr=signed+absent');
  assert.equal(sysextPolicy({ ...signed, class: 'sysext' }, never), 'root=signed+absent:usr=signed+absent');
});

test('a rule behind one that takes only some images, on some hosts, or at some time counts', () => {
  const loose = 'root=signed+unprotected+absent:usr=signed+absent';
  const moment = new Date('2027-01-01T00:00:00Z');
  for (const some of [
    { ...signed, nameGlob: 'vendor-*' },
    { ...signed, class: 'confext' as const },
    { ...signed, form: 'ddi' as const },
    { ...signed, labels: new Map([['env', ['staging']]]) },
    { ...signed, validity: { notBefore: moment, notAfter: null } },
    { ...signed, validity: { notBefore: null, notAfter: moment } },
  ])
    assert.equal(sysextPolicy(some, bare, { ...signed, form: 'ddi' }), loose);
});

test('digests of one kind admit nothing of the other, whether the rule says a form or not', () => {
  const forms = (rule: Rule) => admittedForms(policyOf({ ...rule, form: null }), 'sysext');
  assert.deepEqual(forms(bare), { signed: false, bare: true, directory: false });
  assert.deepEqual(forms(directory), { signed: false, bare: false, directory: true });
});

test('directories are told apart, though no image policy is about them', () => {
  assert.deepEqual(admittedForms(policyOf(directory, signed), 'sysext'), {
    signed: true,
    bare: false,
    directory: true,
  });
});

test('what two classes have in common, and what is left without a gate, is never more', () => {
  const all = { signed: true, bare: true, directory: true };
  const some = { signed: true, bare: false, directory: false };
  assert.deepEqual(inCommon(all, some), some);
  assert.deepEqual(inCommon({ ...all, signed: false }, some), { ...some, signed: false });
  assert.deepEqual(withoutGate(all), some);
  assert.deepEqual(withoutGate({ ...all, signed: false }), { ...some, signed: false });
});

const kinds = {
  'root=signed+absent:usr=signed+absent': ['signedDdi', 'signedSidecar'],
  'root=signed+unprotected+absent:usr=signed+absent': ['signedDdi', 'signedSidecar', 'bare'],
  'root=unprotected:=absent': ['bare'],
  '~': [],
};

test('systemd lets pass under each policy what it is for, and nothing else', () => {
  const { systemd, policies } = readImagePolicyVerdicts();
  assert.match(systemd, /^systemd 257 /);
  const passing = policies.map(({ policy, images }) => [
    policy,
    Object.entries(images).flatMap(([kind, verdict]) => (verdict === 'accepted' ? [kind] : [])),
  ]);
  assert.deepEqual(Object.fromEntries(passing), kinds);
  assert.deepEqual(Object.keys(kinds).sort(), [...imagePolicies].sort());
});

test('the systemd of this machine says the same', (context) => {
  const systemd = systemdWithImagePolicies('/');
  if (systemd === null) {
    context.skip('systemd 254 or newer with systemd-analyze and systemd-dissect is not installed');
    return;
  }
  for (const recorded of readImagePolicyVerdicts().policies)
    assert.deepEqual(askAboutImagePolicy('/', recorded.policy), recorded, systemd);
});
