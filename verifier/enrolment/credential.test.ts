import assert from 'node:assert/strict';
import { constants, createECDH, privateDecrypt, randomBytes } from 'node:crypto';
import { after, test } from 'node:test';

import { newKeyPair } from '../../test-vectors/generate/key-pair.ts';
import { SoftwareTpm, type TpmKey } from '../../test-vectors/generate/software-tpm.ts';
import { join, tpm2b, u16, u32, writePublic } from '../../test-vectors/generate/tpm-writer.ts';
import { Unsupported } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { parsePublicArea, parseTpm2bPublic, type PublicArea } from '../tpm/public-area.ts';
import { type Credential, makeCredential } from './credential.ts';
import { kdfe } from './key-derivation.ts';
import { agreeOnSeed } from './seed.ts';

const tpm = new SoftwareTpm();
const other = new SoftwareTpm();
after(() => {
  tpm.remove();
  other.remove();
});

const secret = new Uint8Array(randomBytes(32));

/** The file of tpm2_makecredential(1). */
function toolFile({ credentialBlob, encryptedSecret }: Credential): Uint8Array {
  return join(u32(0xbadcc0de), u32(1), credentialBlob, encryptedSecret);
}

function endorsementKey(where: SoftwareTpm, kind: 'rsa' | 'ecc'): { context: string; area: PublicArea } {
  const [context, file] = [where.write(), where.write()];
  where.run('tpm2_createek', '-G', kind, '-c', context, '-u', where.write());
  where.run('tpm2_readpublic', '-c', context, '-o', file);
  return { context, area: parseTpm2bPublic(where.read(file)) };
}

/** TPM2_ActivateCredential; null if the TPM refuses. */
function activate(
  where: SoftwareTpm,
  keys: { ek: string; ak: string },
  credential: Credential,
): Uint8Array | null {
  const [session, out] = [where.path('session'), where.write()];
  where.run('tpm2_startauthsession', '--policy-session', '-S', session);
  where.run('tpm2_policysecret', '-S', session, '-c', 'e');
  try {
    const file = where.write(toolFile(credential));
    const contexts = ['-c', keys.ak, '-C', keys.ek, '-P', `session:${session}`];
    where.run('tpm2_activatecredential', ...contexts, '-i', file, '-o', out);
    return where.read(out);
  } catch {
    return null;
  } finally {
    where.run('tpm2_flushcontext', session);
  }
}

function attestationKey(where: SoftwareTpm): { key: TpmKey; name: Hex } {
  const key = where.createAttestationKey({ key: 'ecc', hash: 'sha256', scheme: 'ecdsa' });
  return { key, name: parseTpm2bPublic(key.public).name };
}

const edited = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

for (const kind of ['rsa', 'ecc'] as const) {
  test(`a TPM with the ${kind} endorsement key and the attestation key opens the credential`, () => {
    const { context: ek, area } = endorsementKey(tpm, kind);
    const { key, name } = attestationKey(tpm);
    const keys = { ek, ak: key.context };
    for (const length of [1, 20, 32]) {
      const one = secret.subarray(0, length);
      const credential = makeCredential({ endorsementKey: area, attestationKeyName: name, secret: one });
      assert.deepEqual(activate(tpm, keys, credential), new Uint8Array(one));
    }
  });

  test(`nothing else opens it, ${kind}`, () => {
    const { context: ek, area } = endorsementKey(tpm, kind);
    const { key, name } = attestationKey(tpm);
    const keys = { ek, ak: key.context };
    const request = { endorsementKey: area, attestationKeyName: name, secret };
    const credential = makeCredential(request);
    assert.deepEqual(activate(tpm, keys, credential), secret);
    // 2 bytes of size, 2 of size and 32 of the HMAC, 2 and 32 of the secret, encrypted
    for (const at of [4, 35, 36, 69]) {
      const credentialBlob = edited(credential.credentialBlob, at);
      assert.equal(activate(tpm, keys, { ...credential, credentialBlob }), null, `byte ${at}`);
    }
    const encryptedSecret = edited(credential.encryptedSecret, credential.encryptedSecret.length - 1);
    assert.equal(activate(tpm, keys, { ...credential, encryptedSecret }), null);
    const elsewhere = attestationKey(other);
    assert.notEqual(elsewhere.name, name);
    assert.equal(
      activate(tpm, keys, makeCredential({ ...request, attestationKeyName: elsewhere.name })),
      null,
    );
    const foreign = endorsementKey(other, kind).area;
    assert.equal(activate(tpm, keys, makeCredential({ ...request, endorsementKey: foreign })), null);
  });
}

test('every credential has a seed of its own', () => {
  for (const kind of ['rsa', 'ecc'] as const) {
    const request = {
      endorsementKey: endorsementKey(tpm, kind).area,
      attestationKeyName: toHex(secret),
      secret,
    };
    const [one, two] = [makeCredential(request), makeCredential(request)];
    assert.notDeepEqual(one.credentialBlob, two.credentialBlob);
    assert.notDeepEqual(one.encryptedSecret, two.encryptedSecret);
  }
});

test('with the same seed it is byte for byte what tpm2_makecredential makes, to an RSA key', () => {
  const key = keyPair('rsa');
  const made = madeByTool(key.public, secret);
  const seed = privateDecrypt(
    {
      key: key.private,
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha256',
      oaepLabel: Buffer.from('IDENTITY\0'),
    },
    made.encryptedSecret.subarray(2),
  );
  const encrypted = made.encryptedSecret.subarray(2);
  const request = { endorsementKey: parsePublicArea(key.public), attestationKeyName: made.name, secret };
  assert.deepEqual(toolFile(makeCredential(request, { seed, encrypted })), made.file);
});

test('with the same ephemeral key it is byte for byte what tpm2_makecredential makes, to a P-256 key', () => {
  const key = keyPair('ecc');
  const made = madeByTool(key.public, secret);
  const encrypted = made.encryptedSecret.subarray(2);
  const [x, y] = [encrypted.subarray(2, 34), encrypted.subarray(36, 68)];
  const ours = createECDH('prime256v1');
  ours.setPrivateKey(key.scalar);
  const z = ours.computeSecret(join(Uint8Array.of(4), x, y));
  const partyV = ours.getPublicKey().subarray(1, 33);
  const seed = kdfe(z, { hash: 'sha256', label: 'IDENTITY', partyU: x, partyV, bits: 256 });
  const request = { endorsementKey: parsePublicArea(key.public), attestationKeyName: made.name, secret };
  assert.deepEqual(toolFile(makeCredential(request, { seed, encrypted })), made.file);
});

test('a coordinate with leading zeros keeps its full length', () => {
  const area = parsePublicArea(keyPair('ecc').public);
  for (let scalar = 1, found = 0; found < 2; scalar++) {
    const privateKey = new Uint8Array(32);
    new DataView(privateKey.buffer).setUint32(28, scalar);
    const { encrypted } = agreeOnSeed(area, privateKey);
    assert.equal(encrypted.length, 68);
    if (encrypted[2] === 0) found++;
  }
});

test('a key that protects no children, and a secret that no digest could be, get no credential', () => {
  const { area } = endorsementKey(tpm, 'ecc');
  const { name } = attestationKey(tpm);
  const request = { endorsementKey: area, attestationKeyName: name, secret };
  assert.throws(
    () => makeCredential({ ...request, endorsementKey: { ...area, symmetricBits: null } }),
    Unsupported,
  );
  for (const length of [0, 33])
    assert.throws(() => makeCredential({ ...request, secret: new Uint8Array(length) }), Unsupported);
});

/** A storage key outside any TPM: its TPMT_PUBLIC, its private key, and for ECC the scalar. */
function keyPair(kind: 'rsa' | 'ecc') {
  const { publicKey, privateKey } = newKeyPair(
    kind === 'rsa' ? { type: 'rsa', modulusLength: 2048 } : { type: 'ec', namedCurve: 'P-256' },
  );
  const jwk = publicKey.export({ format: 'jwk' });
  const part = (text: unknown): Uint8Array => tpm2b(Buffer.from(String(text), 'base64url'));
  const symmetric = join(u16(0x0006), u16(128), u16(0x0043));
  const rsa = { type: 0x0001, parameters: join(u16(2048), u32(0)), unique: part(jwk.n) };
  const ecc = { type: 0x0023, parameters: join(u16(3), u16(0x0010)), unique: join(part(jwk.x), part(jwk.y)) };
  const { d } = privateKey.export({ format: 'jwk' });
  return {
    public: writePublic({ ...(kind === 'rsa' ? rsa : ecc), attributes: 0x000300b2, symmetric }),
    private: privateKey,
    scalar: Buffer.from(String(d), 'base64url'),
  };
}

/** What tpm2_makecredential(1) makes without a TPM, taken apart. */
function madeByTool(area: Uint8Array, plain: Uint8Array) {
  const name = toHex(join(u16(0x000b), randomBytes(32)));
  const out = tpm.write();
  const what = ['-u', tpm.write(tpm2b(area)), '-n', name, '-s', tpm.write(plain), '-o', out];
  tpm.run('tpm2_makecredential', ...what);
  const file = tpm.read(out);
  const size = ((file[8] ?? 0) << 8) + (file[9] ?? 0);
  return { name, file, encryptedSecret: file.subarray(10 + size) };
}
