import { digest } from '../../verifier/bytes/digest.ts';
import type { QuoteCase, QuoteInputs } from './quote-group.ts';
import {
  type AttestedParts,
  join,
  pcrSelection,
  PretendedTpmKey,
  tpm2b,
  u16,
  writeAttested,
} from './tpm-writer.ts';

const sha256 = 0x000b;
const nonce = digest('sha256', 'a challenge');
const value = new Uint8Array(32);

/**
 * Cases with a key outside any TPM whose public area says it is an attestation key: what no TPM signs, under a signature
 * that verifies, so that the parser behind it has to refuse.
 */
export function casesByPretendedKey(): QuoteCase[] {
  const key = new PretendedTpmKey();
  const p384 = new PretendedTpmKey('P-384', 'sha384');
  return [...verified(key, p384), ...malformed(key), ...mismatched(key, p384)];
}

function inputs(key: PretendedTpmKey, attested: Uint8Array): QuoteInputs {
  return {
    attested,
    signature: key.sign(attested),
    attestationKey: tpm2b(key.public()),
    qualifyingData: nonce,
    pcrs: new Map([['sha256', new Map([[13, value]])]]),
    requiredPcrs: [13],
    bank: 'sha256',
  };
}

function quote(parts: Partial<AttestedParts>): Uint8Array {
  return writeAttested({ extraData: nonce, ...parts });
}

function verified(key: PretendedTpmKey, p384: PretendedTpmKey): QuoteCase[] {
  const accepted = (id: string, comment: string, flag: string, made: QuoteInputs): QuoteCase => ({
    id,
    comment,
    flags: [flag],
    inputs: made,
    code: null,
  });
  const fourOctets = [pcrSelection(sha256, [0, 0x20, 0, 0])];
  return [
    accepted(
      'pretended',
      'well-formed quote of PCR 13, signed outside a TPM',
      'Format',
      inputs(key, quote({})),
    ),
    accepted(
      'pretended-p384',
      'the same, signed with P-384 and SHA-384, which makes pcrDigest SHA-384',
      'OtherHash',
      inputs(p384, quote({ pcrDigest: digest('sha384', value) })),
    ),
    accepted('select-4', 'selection of 4 octets', 'Format', inputs(key, quote({ selections: fourOctets }))),
    accepted('not-safe', 'safe is no: for policy to judge', 'Format', inputs(key, quote({ safe: 0 }))),
  ];
}

function malformed(key: PretendedTpmKey): QuoteCase[] {
  const refused = (id: string, comment: string, attested: Uint8Array, flag = 'Format'): QuoteCase => ({
    id,
    comment,
    flags: [flag],
    inputs: inputs(key, attested),
    code: 'quote-malformed',
  });
  const selection = pcrSelection(sha256, [0, 0x20, 0]);
  const attested = quote({});
  return [
    refused('magic-forged', 'magic is not TPM_GENERATED', quote({ magic: 0xff544346 }), 'Magic'),
    refused('type-relabelled', 'quote with the type of TPM2_Certify', quote({ type: 0x8017 }), 'OtherType'),
    refused('safe-2', 'safe is 2', quote({ safe: 2 })),
    refused('signed-trailing', 'one byte after the attestation, signed', join(attested, Uint8Array.of(0))),
    refused('signed-truncated', 'attestation without its last byte, signed', attested.subarray(0, -1)),
    refused('signed-empty', 'empty attestation, signed', new Uint8Array()),
    refused('signer-empty', 'no qualified signer', quote({ qualifiedSigner: new Uint8Array() })),
    refused(
      'signer-short',
      'qualified signer cut',
      quote({ qualifiedSigner: join(u16(sha256), new Uint8Array(31)) }),
    ),
    refused('select-2', 'selection of 2 octets', quote({ selections: [pcrSelection(sha256, [0, 0x20])] })),
    refused(
      'select-5',
      'selection of 5 octets',
      quote({ selections: [pcrSelection(sha256, [0, 0x20, 0, 0, 0])] }),
    ),
    refused('bank-twice', 'the bank is selected twice', quote({ selections: [selection, selection] })),
    refused('bank-unknown', 'SHA3-256 bank', quote({ selections: [pcrSelection(0x0027, [0, 0x20, 0])] })),
    refused('count-long', 'more selections counted than follow', quote({ count: 2 })),
    refused('count-huge', 'four thousand million selections', quote({ count: 0xffffffff })),
    refused('data-long', 'qualifying data of 67 bytes', quote({ extraData: new Uint8Array(67) })),
    refused('digest-long', 'pcrDigest of 65 bytes', quote({ pcrDigest: new Uint8Array(65) })),
  ];
}

function mismatched(key: PretendedTpmKey, p384: PretendedTpmKey): QuoteCase[] {
  const refused = (id: string, comment: string, flag: string, made: QuoteInputs): QuoteCase => ({
    id,
    comment,
    flags: [flag],
    inputs: made,
    code: 'pcr-digest-mismatch',
  });
  return [
    refused(
      'digest-of-bank-hash',
      'pcrDigest made with the hash of the bank, not of the signature',
      'OtherHash',
      inputs(p384, quote({ pcrDigest: digest('sha256', value) })),
    ),
    refused(
      'digest-empty',
      'empty pcrDigest',
      'PcrDigest',
      inputs(key, quote({ pcrDigest: new Uint8Array() })),
    ),
    refused(
      'digest-prefix',
      'first 16 bytes of the right pcrDigest',
      'PcrDigest',
      inputs(key, quote({ pcrDigest: digest('sha256', value).subarray(0, 16) })),
    ),
  ];
}
