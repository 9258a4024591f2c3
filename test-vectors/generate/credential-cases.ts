import { constants, createHash, publicEncrypt } from 'node:crypto';

import { toBase64 } from '../../verifier/bytes/base64.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import { type Credential, makeCredential } from '../../verifier/enrolment/credential.ts';
import { agreeOnSeed, type SharedSeed } from '../../verifier/enrolment/seed.ts';
import { parseTpm2bPublic, type PublicArea } from '../../verifier/tpm/public-area.ts';
import type { CredentialCase } from './credential-group.ts';
import {
  knownScalar,
  knownSigningKey,
  knownStorageKey,
  type KnownTpmKey,
  type StorageKind,
} from './credential-keys.ts';
import { join, tpm2b, u16 } from './tpm-writer.ts';

/** One kind of endorsement key with its good credential, of which the bad ones are made. */
interface Sample {
  readonly kind: StorageKind;
  readonly endorsement: KnownTpmKey;
  readonly area: PublicArea;
  readonly shared: SharedSeed;
  readonly good: Credential;
}

const attestation = knownSigningKey('credential attestation');
const name = parseTpm2bPublic(attestation.public).name;
const secret = new Uint8Array(createHash('sha256').update('credential secret').digest());
const prefixes: Readonly<Record<StorageKind, string>> = {
  'RSA-2048': 'rsa-2048',
  'P-256': 'p-256',
  'P-384': 'p-384',
};

/** All cases of one kind. */
export function credentialCases(kind: StorageKind): CredentialCase[] {
  const endorsement = knownStorageKey(kind, `credential ${kind}`);
  const area = parseTpm2bPublic(endorsement.public);
  const shared = share(kind, area);
  const good = makeCredential({ endorsementKey: area, attestationKeyName: name, secret }, shared);
  const sample: Sample = { kind, endorsement, area, shared, good };
  return [...opened(sample), ...notActivated(sample), ...malformed(sample)];
}

function share(kind: StorageKind, area: PublicArea, label = 'IDENTITY\0'): SharedSeed {
  if (kind !== 'RSA-2048') return agreeOnSeed(area, knownScalar(kind, `credential ephemeral ${kind}`));
  const seed = new Uint8Array(createHash('sha256').update(`credential seed ${kind}`).digest());
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const oaep = { key: area.publicKey, padding, oaepHash: area.nameAlgorithm, oaepLabel: Buffer.from(label) };
  return { seed, encrypted: new Uint8Array(publicEncrypt(oaep, seed)) };
}

type Told = Pick<CredentialCase, 'comment' | 'flags' | 'expect' | 'made'>;

function toCase(
  { kind, endorsement }: Sample,
  id: string,
  credential: Credential,
  told: Told,
): CredentialCase {
  const pkcs8 = ({ privateKey }: KnownTpmKey): string =>
    toBase64(new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })));
  return {
    ...{ id: `${prefixes[kind]}-${id}`, comment: told.comment, flags: told.flags },
    inputs: {
      endorsementKey: toBase64(endorsement.public),
      endorsementPrivateKey: pkcs8(endorsement),
      attestationKey: toBase64(attestation.public),
      attestationPrivateKey: pkcs8(attestation),
      credentialBlob: toBase64(credential.credentialBlob),
      encryptedSecret: toBase64(credential.encryptedSecret),
    },
    ...{ made: told.made, expect: told.expect },
  };
}

function opened(sample: Sample): CredentialCase[] {
  const { kind, area, shared } = sample;
  const ephemeralKey = kind === 'RSA-2048' ? null : toHex(knownScalar(kind, `credential ephemeral ${kind}`));
  return [32, 1, 20].map((length) => {
    const one = secret.subarray(0, length);
    const credential = makeCredential(
      { endorsementKey: area, attestationKeyName: name, secret: one },
      shared,
    );
    return toCase(sample, `secret-of-${length.toString()}`, credential, {
      ...{ comment: `A secret of ${length.toString()} bytes.`, flags: ['Genuine'] },
      made: { name, secret: toHex(one), seed: toHex(shared.seed), ephemeralKey },
      expect: { verdict: 'opened', secret: toHex(one), code: null, stage: null },
    });
  });
}

const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

function notActivated(sample: Sample): CredentialCase[] {
  const { kind, area, shared, good } = sample;
  const blob = good.credentialBlob;
  const refuse = (id: string, flag: string, comment: string, credential: Credential): CredentialCase =>
    toCase(sample, id, credential, {
      ...{ comment, flags: [flag], made: null },
      expect: { verdict: 'refused', code: 'credential-not-activated', stage: 'activate' },
    });
  const otherName = parseTpm2bPublic(knownSigningKey('credential other attestation').public).name;
  const otherArea = parseTpm2bPublic(knownStorageKey(kind, `credential other ${kind}`).public);
  const otherSeed = { ...shared, seed: flip(shared.seed, 0) };
  const made = (by: SharedSeed, attestationKeyName = name): Credential =>
    makeCredential({ endorsementKey: area, attestationKeyName, secret }, by);
  const forOther = makeCredential(
    { endorsementKey: otherArea, attestationKeyName: name, secret },
    share(kind, otherArea),
  );
  return [
    refuse('hmac-first-bit', 'Integrity', 'The first bit of the HMAC.', {
      ...good,
      credentialBlob: flip(blob, 4),
    }),
    refuse('secret-last-bit', 'Integrity', 'The last bit of the encrypted secret.', {
      ...{ ...good, credentialBlob: flip(blob, blob.length - 1) },
    }),
    refuse('size-of-secret', 'Integrity', 'The size of the secret, which is encrypted with it.', {
      ...{ ...good, credentialBlob: flip(blob, blob.length - secret.length - 1) },
    }),
    refuse('other-name', 'Name', 'Made for the name of another key.', made(shared, otherName)),
    refuse('other-seed', 'Seed', 'Derived from another seed than the one that is sent.', made(otherSeed)),
    refuse('other-endorsement-key', 'Seed', 'Made for another storage key.', forOther),
    ...(kind === 'RSA-2048' ? rsaOnly(sample, refuse) : eccOnly(sample, refuse)),
  ];
}

type Refuse = (id: string, flag: string, comment: string, credential: Credential) => CredentialCase;

function rsaOnly({ kind, area, good }: Sample, refuse: Refuse): CredentialCase[] {
  const labelled = (label: string): Credential =>
    makeCredential({ endorsementKey: area, attestationKeyName: name, secret }, share(kind, area, label));
  return [
    refuse('label-without-zero', 'Label', 'The label of OAEP without its zero octet.', labelled('IDENTITY')),
    refuse('label-of-import', 'Label', 'A seed for importing an object.', labelled('DUPLICATE\0')),
    refuse('ciphertext-last-bit', 'Seed', 'The last bit of the ciphertext.', {
      ...{ ...good, encryptedSecret: flip(good.encryptedSecret, good.encryptedSecret.length - 1) },
    }),
  ];
}

function eccOnly({ good }: Sample, refuse: Refuse): CredentialCase[] {
  const { encryptedSecret } = good;
  const size = (encryptedSecret[3] ?? 0) + 2;
  const x = encryptedSecret.subarray(2, 2 + size);
  const y = encryptedSecret.subarray(2 + size);
  const point = (...coordinates: readonly Uint8Array[]): Credential => ({
    ...{ ...good, encryptedSecret: tpm2b(join(...coordinates)) },
  });
  const zero = tpm2b(new Uint8Array(size - 2));
  return [
    refuse(
      'point-off-curve',
      'Point',
      'The ephemeral point is not on the curve.',
      point(x, flip(y, y.length - 1)),
    ),
    refuse('point-zero', 'Point', 'Both coordinates are zero.', point(zero, zero)),
    refuse('point-empty', 'Point', 'Both coordinates are empty.', point(u16(0), u16(0))),
    refuse('point-swapped', 'Point', 'The coordinates are exchanged.', point(y, x)),
    refuse('point-without-y', 'Point', 'The second coordinate is missing.', point(x)),
  ];
}

function malformed(sample: Sample): CredentialCase[] {
  const { good } = sample;
  const { credentialBlob: blob, encryptedSecret } = good;
  const refuse = (id: string, comment: string, changed: Partial<Credential>): CredentialCase =>
    toCase(
      sample,
      id,
      { ...good, ...changed },
      {
        ...{ comment, flags: ['Format'], made: null },
        expect: { verdict: 'refused', code: 'malformed', stage: 'parse' },
      },
    );
  return [
    refuse('blob-cut', 'The id object ends one byte early.', { credentialBlob: blob.subarray(0, -1) }),
    refuse('blob-longer', 'A byte after the id object.', { credentialBlob: join(blob, Uint8Array.of(0)) }),
    refuse('blob-empty', 'An id object with nothing in it.', { credentialBlob: u16(0) }),
    refuse('blob-without-secret', 'An HMAC and no secret.', {
      credentialBlob: tpm2b(blob.subarray(2, 4 + (blob[3] ?? 0))),
    }),
    refuse('hmac-too-long', 'An HMAC of 65 bytes.', {
      credentialBlob: tpm2b(join(tpm2b(new Uint8Array(65)), blob.subarray(-34))),
    }),
    refuse('hmac-beyond-end', 'The HMAC goes on after the end.', {
      credentialBlob: tpm2b(join(u16(0xffff), blob.subarray(4))),
    }),
    refuse('seed-cut', 'The encrypted seed ends one byte early.', {
      encryptedSecret: encryptedSecret.subarray(0, -1),
    }),
    refuse('seed-longer', 'A byte after the encrypted seed.', {
      encryptedSecret: join(encryptedSecret, Uint8Array.of(0)),
    }),
    refuse('seed-too-long', 'An encrypted seed of 513 bytes.', {
      encryptedSecret: tpm2b(new Uint8Array(513)),
    }),
  ];
}
