import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { issuers, judgedAt, parse } from '../../test-vectors/generate/judge-chain.ts';
import { type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { parseHex } from '../bytes/hex.ts';
import { reason } from '../reasons.ts';
import { verifyRootHashSignature } from '../trust/root-hash-signature.ts';
import { decide, type Verdict } from './decide.ts';
import { noSignatureFacts, type SignatureFacts, signatureFacts } from './facts.ts';
import { trustOnlyPolicy } from './trust-only-policy.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const { issue, leaf } = issuers(pki);
const rootHash = parseHex('0123456789abcdef'.repeat(4), 'root hash');
const root = issue('root', null);
const signer = leaf(root);
const stranger = leaf(issue('other root', null));

function verdictOf(
  trusted: readonly Issued[],
  signature: SignatureFacts,
  facts: 'sysext' | 'confext',
): Verdict {
  const policy = trustOnlyPolicy(trusted.map(parse));
  return decide(
    policy,
    {
      class: facts,
      name: 'any',
      form: 'ddi',
      hashType: 1,
      architecture: 'arm64',
      rootHash,
      ...{ version: null, accepted: null, signature },
    },
    { now: judgedAt, labels: new Map() },
  );
}

function judge(trusted: readonly Issued[], by: Issued): Verdict {
  const cms = pki.sign(rootHash, { signers: [by], tool: 'cms' });
  const { anchors } = trustOnlyPolicy(trusted.map(parse));
  return verdictOf(
    trusted,
    signatureFacts(verifyRootHashSignature(rootHash, cms, anchors, judgedAt)),
    'confext',
  );
}

const accepted = { verdict: 'accepted', rule: null, reasons: [] };

test('one of the certificates may have signed, or one issued under them; verdicts name no rule', () => {
  assert.deepEqual(judge([signer], signer), accepted);
  assert.deepEqual(judge([root], signer), accepted);
  assert.deepEqual(judge([stranger, root], signer), accepted);
});

test('nobody else may have, and reasons point to no file', () => {
  for (const trusted of [[stranger], [root], []]) {
    const { verdict, rule, reasons } = judge(trusted, trusted[0] === stranger ? signer : stranger);
    assert.deepEqual([verdict, rule], ['refused', null]);
    assert.deepEqual([reasons[0]?.code, reasons[0]?.at], ['signer-untrusted', null]);
  }
});

test('what is not signed is refused in either class', () => {
  const unsigned = noSignatureFacts(reason('unsigned', 'There is no signature.'));
  for (const extensionClass of ['sysext', 'confext'] as const) {
    const { reasons } = verdictOf([root], unsigned, extensionClass);
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['unsigned'],
    );
  }
});
