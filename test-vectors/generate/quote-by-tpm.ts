import { digest, type DigestName } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import type { QuoteCase, QuoteInputs } from './quote-group.ts';
import type { SignedAttestation, SoftwareTpm, TpmKey } from './software-tpm.ts';
import { join, pcrSelection, tpm2b } from './tpm-writer.ts';

const nonce = digest('sha256', 'a challenge');
const pcrs = [7, 13] as const;
const quotable = '7,13';

/** Cases whose attestations and signatures a TPM made, and edits of them. */
export function casesByTpm(tpm: SoftwareTpm): QuoteCase[] {
  for (const index of pcrs) {
    const measured = (bank: DigestName): string => toHex(digest(bank, `event of PCR ${index.toString()}`));
    tpm.extend(index, { sha1: measured('sha1'), sha256: measured('sha256'), sha384: measured('sha384') });
  }
  const key = tpm.createAttestationKey({ key: 'ecc', hash: 'sha256', scheme: 'ecdsa' });
  const base = inputs(tpm, key, tpm.quote(key, `sha256:${quotable}`, nonce), 'sha256');
  return [
    ...verified(tpm, key, base),
    ...otherKeys(tpm, key, base),
    ...editedSignatures(base),
    ...otherSelections(tpm, key, base),
    ...otherData(tpm, key, base),
    ...otherAttestations(tpm, key, base),
  ];
}

function inputs(tpm: SoftwareTpm, key: TpmKey, quote: SignedAttestation, bank: DigestName): QuoteInputs {
  return {
    ...quote,
    attestationKey: key.public,
    qualifyingData: nonce,
    pcrs: new Map([[bank, tpm.readPcrs(bank, pcrs)]]),
    requiredPcrs: [13],
    bank,
  };
}

function accepted(id: string, comment: string, flag: string, made: QuoteInputs): QuoteCase {
  return { id, comment, flags: [flag], inputs: made, code: null };
}

function verified(tpm: SoftwareTpm, key: TpmKey, base: QuoteInputs): QuoteCase[] {
  const long = new Uint8Array(64).fill(0xa5);
  const all = Array.from({ length: 24 }, (_, index) => index);
  return [
    accepted('ecdsa-p256', 'quote by an ECDSA P-256 key', 'Genuine', base),
    ...verifiedByOtherKeys(tpm),
    accepted(
      'bank-sha384',
      'SHA-384 bank quoted by a key that signs SHA-256',
      'OtherHash',
      inputs(tpm, key, tpm.quote(key, `sha384:${quotable}`, nonce), 'sha384'),
    ),
    accepted('required-all', 'both PCRs required, in any order', 'Selection', {
      ...base,
      requiredPcrs: [13, 7],
    }),
    accepted('required-none', 'no PCR required', 'Selection', { ...base, requiredPcrs: [] }),
    accepted('all-pcrs', 'quote of all 24 PCRs', 'Selection', {
      ...base,
      ...tpm.quote(key, `sha256:${all.join(',')}`, nonce),
      pcrs: new Map([['sha256', tpm.readPcrs('sha256', all)]]),
    }),
    accepted('data-64', 'qualifying data of 64 bytes', 'Nonce', {
      ...base,
      ...tpm.quote(key, `sha256:${quotable}`, long),
      qualifyingData: long,
    }),
  ];
}

function verifiedByOtherKeys(tpm: SoftwareTpm): QuoteCase[] {
  const keys = [
    ['rsassa-2048', 'Genuine', { key: 'rsa', hash: 'sha256', scheme: 'rsassa' }],
    ['rsapss-2048', 'Genuine', { key: 'rsa', hash: 'sha256', scheme: 'rsapss' }],
    ['rsassa-3072', 'OtherHash', { key: 'rsa3072', hash: 'sha384', scheme: 'rsassa' }],
    ['ecdsa-p384', 'OtherHash', { key: 'ecc384', hash: 'sha384', scheme: 'ecdsa' }],
    ['ecdsa-p521', 'OtherHash', { key: 'ecc521', hash: 'sha512', scheme: 'ecdsa' }],
  ] as const;
  return keys.map(([id, flag, request]) => {
    const key = tpm.createAttestationKey(request);
    const { hash, scheme } = request;
    const made = tpm.quote(key, `sha256:${quotable}`, nonce, '-g', hash, '--scheme', scheme);
    const comment = `SHA-256 bank quoted by a key of scheme ${scheme} with ${hash}`;
    return accepted(id, comment, flag, inputs(tpm, key, made, 'sha256'));
  });
}

type Refusal = (id: string, comment: string, change: Partial<QuoteInputs>) => QuoteCase;

/** Makes refused cases that differ from `base` by one change. */
function refusals(base: QuoteInputs, code: NonNullable<QuoteCase['code']>, flag: string): Refusal {
  return (id, comment, change) => ({ id, comment, flags: [flag], inputs: { ...base, ...change }, code });
}

function edit(bytes: Uint8Array, offset: number, ...values: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(values, offset);
  return copy;
}

function otherKeys(tpm: SoftwareTpm, key: TpmKey, base: QuoteInputs): QuoteCase[] {
  const unfit = refusals(base, 'attestation-key-unfit', 'UnfitKey');
  const unrestricted = tpm.createPrimary(
    'ecc:ecdsa-sha256:null',
    'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign',
  );
  const movable = tpm.createPrimary(
    'ecc:ecdsa-sha256:null',
    'sensitivedataorigin|userwithauth|restricted|sign',
  );
  const sha1 = tpm.createAttestationKey({ key: 'ecc', hash: 'sha1', scheme: 'ecdsa' });
  const other = tpm.createAttestationKey({ key: 'ecc', hash: 'sha256', scheme: 'ecdsa' });
  const quoteBy = (signer: TpmKey, ...options: string[]): Partial<QuoteInputs> => ({
    ...tpm.quote(signer, `sha256:${quotable}`, nonce, ...options),
    attestationKey: signer.public,
  });
  const forged = edit(base.attested, 0, 0x46);
  // TPM2B size, type, nameAlg, then objectAttributes in octets 6 to 9.
  const withAttributes = (offset: number, value: number): Partial<QuoteInputs> => ({
    attestationKey: edit(key.public, offset, value),
  });
  return [
    unfit('key-unrestricted', 'genuine quote by a key that signs anything', quoteBy(unrestricted)),
    unfit('key-unrestricted-forged', 'forged attestation, magic changed, signed by TPM2_Sign', {
      attested: forged,
      signature: tpm.sign(unrestricted, forged, 'sha256', 'ecdsa'),
      attestationKey: unrestricted.public,
    }),
    unfit('key-movable', 'genuine quote by a key without fixedTPM and fixedParent', quoteBy(movable)),
    unfit('key-not-fixed-tpm', 'public area without fixedTPM', withAttributes(9, 0x70)),
    unfit('key-not-fixed-parent', 'public area without fixedParent', withAttributes(9, 0x62)),
    unfit('key-imported', 'public area without sensitiveDataOrigin', withAttributes(9, 0x52)),
    unfit('key-decrypts', 'public area with decrypt', withAttributes(7, 0x07)),
    unfit('key-does-not-sign', 'public area without sign', withAttributes(7, 0x01)),
    unfit('key-sha1', 'genuine quote by a key bound to SHA-1', quoteBy(sha1, '-g', 'sha1')),
    refusals(base, 'quote-signature-invalid', 'WrongKey')(
      'key-other',
      'key of another attestation key of the TPM',
      {
        attestationKey: other.public,
      },
    ),
  ];
}

function editedSignatures(base: QuoteInputs): QuoteCase[] {
  const refused = refusals(base, 'quote-signature-invalid', 'Signature');
  const { signature, attested } = base;
  const [r, s] = [signature.subarray(6, 38), signature.subarray(40, 72)];
  const ecdsa = (...integers: readonly Uint8Array[]): Uint8Array =>
    join(signature.subarray(0, 4), ...integers.map((integer) => tpm2b(integer)));
  const zero = new Uint8Array(32);
  return [
    refused('signature-trailing', 'one byte after the signature', {
      signature: join(signature, Uint8Array.of(0)),
    }),
    refused('signature-truncated', 'signature without its last byte', {
      signature: signature.subarray(0, -1),
    }),
    refused('signature-empty', 'no signature', { signature: new Uint8Array() }),
    refused('signature-r-zero', 'r is zero', { signature: ecdsa(zero, s) }),
    refused('signature-s-zero', 's is zero', { signature: ecdsa(r, zero) }),
    refused('signature-r-long', 'r has a leading zero that makes it longer than the curve', {
      signature: ecdsa(join(Uint8Array.of(0), r), s),
    }),
    refused('signature-swapped', 'r and s swapped', { signature: ecdsa(s, r) }),
    refused('signature-sha1', 'signature relabelled as over SHA-1', { signature: edit(signature, 2, 0, 4) }),
    refused('attested-trailing', 'one byte after the attestation', {
      attested: join(attested, Uint8Array.of(0)),
    }),
    refused('attested-edited', 'reset counter changed', { attested: edit(attested, 89, 9) }),
  ];
}

function otherSelections(tpm: SoftwareTpm, key: TpmKey, base: QuoteInputs): QuoteCase[] {
  const refused = refusals(base, 'pcr-selection-mismatch', 'Selection');
  const digestRefused = refusals(base, 'pcr-digest-mismatch', 'PcrDigest');
  const sha256 = tpm.readPcrs('sha256', pcrs);
  const [seven = new Uint8Array(), thirteen = new Uint8Array()] = sha256.values();
  const claim = (...values: readonly (readonly [number, Uint8Array])[]): Partial<QuoteInputs> => ({
    pcrs: new Map([['sha256', new Map(values)]]),
  });
  const quoteOf = (selection: string): SignedAttestation => tpm.quote(key, selection, nonce);
  const moved = join(seven, thirteen);
  return [
    refused('pcrs-relabelled', 'value of PCR 13 claimed for PCR 14', {
      ...claim([7, seven], [14, thirteen]),
    }),
    refused('pcrs-claimed-too-few', 'only PCR 13 of the two quoted is claimed', { ...claim([13, thirteen]) }),
    refused('pcrs-claimed-too-many', 'PCR 8 claimed besides the two quoted', {
      ...claim([7, seven], [8, new Uint8Array(32)], [13, thirteen]),
    }),
    refused('pcrs-required-missing', 'PCR 12 required, not quoted', { requiredPcrs: [12] }),
    refused('pcrs-partial', 'PCR 13 required and claimed, PCR 7 alone quoted', quoteOf('sha256:7')),
    refused('pcrs-other-bank-claimed', 'values of the SHA-384 bank ride along', {
      pcrs: new Map([['sha256', sha256], ['sha384', tpm.readPcrs('sha384', pcrs)]]), // prettier-ignore
    }),
    refused(
      'bank-swapped',
      'SHA-384 bank quoted, values of the SHA-256 bank claimed',
      quoteOf(`sha384:${quotable}`),
    ),
    refused(
      'bank-sha1',
      'SHA-1 bank quoted, values of the SHA-256 bank claimed',
      quoteOf(`sha1:${quotable}`),
    ),
    refused(
      'banks-two',
      'SHA-1 bank quoted after the SHA-256 bank',
      quoteOf(`sha256:${quotable}+sha1:${quotable}`),
    ),
    refused('selection-none', 'quote of no bank, no values claimed, none required', {
      ...tpm.rawQuote(key, [], nonce),
      pcrs: new Map(),
      requiredPcrs: [],
    }),
    refused('selection-empty', 'quote of no PCR of the bank, none claimed, none required', {
      ...tpm.rawQuote(key, [pcrSelection(0x000b, [0, 0, 0])], nonce),
      ...claim(),
      requiredPcrs: [],
    }),
    digestRefused('pcr-edited', 'one bit of PCR 13 changed', {
      ...claim([7, seven], [13, edit(thirteen, 31, (thirteen[31] ?? 0) ^ 1)]),
    }),
    digestRefused('pcrs-swapped', 'values of the two PCRs swapped', { ...claim([7, thirteen], [13, seven]) }),
    digestRefused('pcrs-split', 'border between the two values moved by a byte', {
      ...claim([7, moved.subarray(0, 33)], [13, moved.subarray(33)]),
    }),
  ];
}

function otherData(tpm: SoftwareTpm, key: TpmKey, base: QuoteInputs): QuoteCase[] {
  const refused = refusals(base, 'claims-mismatch', 'Nonce');
  const quoteFor = (data: Uint8Array): SignedAttestation => tpm.quote(key, `sha256:${quotable}`, data);
  return [
    refused('nonce-other', 'quote for another nonce', quoteFor(digest('sha256', 'another challenge'))),
    refused('nonce-truncated', 'quote for the first 16 bytes of the nonce', quoteFor(nonce.subarray(0, 16))),
    refused('nonce-extended', 'quote for the nonce and a zero byte', quoteFor(join(nonce, Uint8Array.of(0)))),
    refused(
      'nonce-empty',
      'quote without qualifying data',
      tpm.rawQuote(key, [pcrSelection(0x000b, [0x80, 0x20, 0])], new Uint8Array()),
    ),
  ];
}

function otherAttestations(tpm: SoftwareTpm, key: TpmKey, base: QuoteInputs): QuoteCase[] {
  const refused = refusals(base, 'quote-malformed', 'OtherType');
  const attest = (tool: string, ...args: readonly string[]): SignedAttestation => {
    const [attested, signature] = [tpm.write(), tpm.write()];
    // tpm2_certify names its two outputs as no other tool does.
    const outputs =
      tool === 'tpm2_certify'
        ? ['-o', attested, '-s', signature]
        : ['--attestation', attested, '-o', signature];
    tpm.run(tool, '-g', 'sha256', '-f', 'tss', ...args, ...outputs);
    return { attested: tpm.read(attested), signature: tpm.read(signature) };
  };
  const [primary, hash, ticket] = [tpm.write(), tpm.write(), tpm.write()];
  tpm.run('tpm2_createprimary', '-C', 'o', '-G', 'ecc', '-c', primary, '-d', hash, '-t', ticket);
  const created = ['-c', primary, '-d', hash, '-t', ticket];
  const data = ['-q', toHex(nonce)];
  return [
    refused(
      'type-certify',
      'TPM2_Certify by the key',
      attest('tpm2_certify', '-C', key.context, '-c', primary),
    ),
    refused(
      'type-creation',
      'TPM2_CertifyCreation by the key',
      attest('tpm2_certifycreation', '-C', key.context, ...created, ...data),
    ),
    refused('type-time', 'TPM2_GetTime by the key', attest('tpm2_gettime', '-c', key.context, ...data)),
  ];
}
