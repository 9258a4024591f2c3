import assert from 'node:assert/strict';
import { constants, createPrivateKey, privateDecrypt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { Malformed } from '../../verifier/bytes/failures.ts';
import { parseHex, toHex } from '../../verifier/bytes/hex.ts';
import { parseCredential } from '../../verifier/enrolment/activation.ts';
import { makeCredential } from '../../verifier/enrolment/credential.ts';
import { agreeOnSeed } from '../../verifier/enrolment/seed.ts';
import { parseTpm2bPublic } from '../../verifier/tpm/public-area.ts';
import { credentialSchema } from '../generate/credential.ts';
import { type CredentialCase, credentialGroupShape } from '../generate/credential-group.ts';
import { SoftwareTpm } from '../generate/software-tpm.ts';
import { join, u32 } from '../generate/tpm-writer.ts';

const text = readFileSync('test-vectors/credential/credential.json', 'utf8');
const group = credentialGroupShape.parse(JSON.parse(text));
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const tpm = new SoftwareTpm();
after(() => {
  tpm.remove();
});

test('the group has cases of every verdict and stage, each with an id of its own and flags that are explained', () => {
  assert.equal(readFileSync('test-vectors/schemas/credential.schema.json', 'utf8'), credentialSchema());
  const { cases, notes } = group;
  assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
  assert.deepEqual([...new Set(cases.flatMap(({ flags }) => flags))].sort(), Object.keys(notes).sort());
  assert.deepEqual(
    [...new Set(cases.map(({ expect }) => expect.stage))].sort(),
    ['activate', 'parse', null].sort(),
  );
});

for (const one of group.cases)
  test(`credential ${one.id}: what is no credential is told from what might be one`, () => {
    const { credentialBlob, encryptedSecret } = one.inputs;
    const parse = () => parseCredential({ credentialBlob, encryptedSecret });
    if (one.expect.stage === 'parse') assert.throws(parse, Malformed);
    else assert.deepEqual(parse().credentialBlob, bytes(credentialBlob));
  });

for (const one of group.cases.filter(({ made }) => made !== null))
  test(`credential ${one.id}: made from the same seed it is the same`, () => {
    const { inputs, made } = one;
    assert.ok(made !== null && one.expect.verdict === 'opened');
    const endorsementKey = parseTpm2bPublic(bytes(inputs.endorsementKey));
    const attestationKeyName = parseTpm2bPublic(bytes(inputs.attestationKey)).name;
    assert.equal(attestationKeyName, made.name);
    const shared =
      made.ephemeralKey === null
        ? { seed: Buffer.from(made.seed, 'hex'), encrypted: bytes(inputs.encryptedSecret).subarray(2) }
        : agreeOnSeed(endorsementKey, Buffer.from(made.ephemeralKey, 'hex'));
    assert.equal(toHex(shared.seed), made.seed);
    const secret = new Uint8Array(Buffer.from(made.secret, 'hex'));
    const credential = makeCredential({ endorsementKey, attestationKeyName, secret }, shared);
    assert.deepEqual(credential.credentialBlob, bytes(inputs.credentialBlob));
    assert.deepEqual(credential.encryptedSecret, bytes(inputs.encryptedSecret));
    if (made.ephemeralKey === null) assert.deepEqual(decrypted(one), Buffer.from(made.seed, 'hex'));
    assert.equal(parseHex(made.secret, 'secret'), one.expect.secret);
  });

function decrypted({ inputs }: CredentialCase): Buffer {
  const key = createPrivateKey({
    ...{ key: Buffer.from(inputs.endorsementPrivateKey, 'base64'), format: 'der', type: 'pkcs8' },
  });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const oaep = { key, padding, oaepHash: 'sha256', oaepLabel: Buffer.from('IDENTITY\0') };
  return privateDecrypt(oaep, bytes(inputs.encryptedSecret).subarray(2));
}

/** Contexts of keys that the TPM has been given, by public area. */
const imported = new Map<string, string>();

const kinds = {
  rsa: {
    import: ['-G', 'rsa2048:aes128cfb', '-g', 'sha256'],
    attributes: 'restricted|decrypt|userwithauth|noda',
  },
  p256: {
    import: ['-G', 'ecc:aes128cfb', '-g', 'sha256'],
    attributes: 'restricted|decrypt|userwithauth|noda',
  },
  p384: {
    import: ['-G', 'ecc384:aes256cfb', '-g', 'sha384'],
    attributes: 'restricted|decrypt|userwithauth|noda',
  },
  signing: { import: ['-G', 'ecc:ecdsa-sha256', '-g', 'sha256'], attributes: 'sign|userwithauth|noda' },
} as const;

/** Gives the TPM a key by its private key; it must describe it as the vector does. */
function give(publicKey: string, privateKey: string, kind: keyof typeof kinds): string {
  const known = imported.get(publicKey);
  if (known !== undefined) return known;
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  // The name algorithm of what is imported is at most that of the key above it.
  const [parent, context, area, sealed] = [tpm.write(), tpm.write(), tpm.write(), tpm.write()];
  tpm.run(
    'tpm2_createprimary',
    '-C',
    'o',
    '-g',
    kind === 'p384' ? 'sha384' : 'sha256',
    '-G',
    'ecc',
    '-c',
    parent,
  );
  const pem = tpm.write(
    key.export({ format: 'pem', type: key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1' }).toString(),
  );
  const { import: algorithm, attributes } = kinds[kind];
  const parts = ['-u', area, '-r', sealed];
  tpm.run('tpm2_import', '-C', parent, ...algorithm, '-i', pem, '-a', attributes, ...parts);
  tpm.run('tpm2_load', '-C', parent, ...parts, '-c', context);
  assert.equal(Buffer.from(tpm.read(area)).toString('base64'), publicKey, kind);
  imported.set(publicKey, context);
  return context;
}

function kindOf({ id }: CredentialCase): 'rsa' | 'p256' | 'p384' {
  if (id.startsWith('rsa')) return 'rsa';
  return id.startsWith('p-256') ? 'p256' : 'p384';
}

for (const one of group.cases.filter(({ expect }) => expect.stage !== 'parse'))
  test(`credential ${one.id}: a TPM that is given both keys says the same`, () => {
    const { inputs, expect } = one;
    const ek = give(inputs.endorsementKey, inputs.endorsementPrivateKey, kindOf(one));
    const ak = give(inputs.attestationKey, inputs.attestationPrivateKey, 'signing');
    const file = tpm.write(
      join(u32(0xbadcc0de), u32(1), bytes(inputs.credentialBlob), bytes(inputs.encryptedSecret)),
    );
    const out = tpm.write();
    // A command that failed has left its objects in the TPM's few slots.
    tpm.run('tpm2_flushcontext', '-t');
    const open = () => tpm.run('tpm2_activatecredential', '-c', ak, '-C', ek, '-i', file, '-o', out);
    if (expect.verdict === 'opened') {
      open();
      assert.equal(toHex(tpm.read(out)), expect.secret);
    } else assert.throws(open, /Esys_ActivateCredential/);
  });
