import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { quoteGroupShape } from '../../test-vectors/generate/quote-group.ts';
import { maximumLogBytes, parseEvidence } from '../../verifier/evidence/evidence.ts';
import { parseIdentity } from '../../verifier/evidence/identity.ts';
import { decodeExtensionEvent, encodeExtensionEvent } from '../../verifier/measurement/extension-event.ts';
import { parseSystemdLog } from '../../verifier/measurement/systemd-log.ts';
import { parseAttested } from '../../verifier/tpm/attested.ts';
import { parseTpm2bPublic } from '../../verifier/tpm/public-area.ts';
import { parseSignature } from '../../verifier/tpm/signature.ts';
import { verifyQuote } from '../../verifier/tpm/quote.ts';
import { isDigestName } from '../../verifier/bytes/digest.ts';
import { orRefused } from '../refusal.ts';
import type { Target } from '../target.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');

type QuoteCase = ReturnType<typeof quoteGroupShape.parse>['cases'][number];

function quoteCases(): readonly QuoteCase[] {
  return quoteGroupShape.parse(JSON.parse(readFileSync('test-vectors/quote/quote.json', 'utf8'))).cases;
}

/** TPMS_ATTEST under the signature, key and PCRs of its vector: no edit of it can be accepted. */
export function quoteTarget(): Target {
  const cases = quoteCases();
  const judges = cases.map(({ inputs }) => {
    const pcrs = new Map(
      Object.entries(inputs.pcrs).flatMap(([bank, values]) => {
        const read = Object.entries(values).map(
          ([index, hex]) => [Number(index), Buffer.from(hex, 'hex')] as const,
        );
        return isDigestName(bank) ? [[bank, new Map(read)] as const] : [];
      }),
    );
    const attestationKey = orRefused(() => parseTpm2bPublic(bytesOf(inputs.attestationKey)));
    return (attested: Uint8Array): string | null => {
      if (attestationKey === null) return null;
      const { requiredPcrs, bank } = inputs;
      const signed = { attested, signature: bytesOf(inputs.signature), attestationKey };
      const verdict = verifyQuote({
        ...signed,
        ...{ qualifyingData: bytesOf(inputs.qualifyingData), pcrs, requiredPcrs, bank },
      });
      return verdict.verified ? Buffer.from(attested).toString('hex') : null;
    };
  });
  const seeds = cases.map(({ inputs }) => bytesOf(inputs.attested));
  return {
    name: 'quote',
    seeds,
    meanings: new Set(judges.flatMap((judge, index) => judge(seeds[index] ?? new Uint8Array()) ?? [])),
    run: (mutant, seed) => judges[seed]?.(mutant) ?? null,
  };
}

/** The TPM's structures one by one, without a signature that stops a mutant at the door. */
export function tpmStructuresTarget(): Target {
  const cases = quoteCases();
  const parsers = [parseAttested, parseSignature, parseTpm2bPublic];
  return {
    name: 'tpm-structures',
    seeds: cases.flatMap(({ inputs }) =>
      [inputs.attested, inputs.signature, inputs.attestationKey].map(bytesOf),
    ),
    meanings: null,
    run: (mutant, seed) => {
      parsers[seed % parsers.length]?.(mutant);
      return 'parsed';
    },
  };
}

const events = [
  `touchstone-policy:edge:12:${'a'.repeat(64)}`,
  `touchstone-extension:sysext:tools:2.1:sha256:${'b'.repeat(64)}:${'c'.repeat(64)}:vendor tools`,
  `touchstone-extension:confext:site::tree-sha256:${'b'.repeat(64)}:unsigned:site%3a1`,
  `touchstone-set:sysext:1:${'d'.repeat(64)}`,
  `touchstone-violation:sysext:data-corrupt:tools:${'e'.repeat(64)}`,
];

/** The events: what is accepted must be written back as it was read. */
export function eventTarget(): Target {
  return {
    name: 'extension-event',
    seeds: events.map((line) => Buffer.from(line)),
    meanings: null,
    run: (mutant) => {
      const line = Buffer.from(mutant).toString('latin1');
      const event = decodeExtensionEvent(line);
      assert.equal(encodeExtensionEvent(event), line, 'an event has two spellings');
      return event.type;
    },
  };
}

/** systemd's measurement log. */
export function logTarget(): Target {
  const record = (text: string) =>
    `\x1e{"pcr":13,"digests":[{"hashAlg":"sha256","digest":"${'0'.repeat(64)}"}],"content_type":"systemd","content":{"string":${JSON.stringify(text)},"bootId":"${'1'.repeat(32)}","timestamp":4945151735,"eventType":"phase"}}\n`;
  return {
    name: 'systemd-log',
    seeds: [events.map(record).join(''), record('os-separator'), `${record('a\\x3ab')}${record('')}`].map(
      (text) => Buffer.from(text),
    ),
    meanings: null,
    run: (mutant) => String(parseSystemdLog(mutant, { maximumBytes: maximumLogBytes }).length),
  };
}

/** Evidence and identity documents, as text. */
export function documentTarget(): Target {
  const evidence = {
    version: 1,
    claims: {
      ...{ version: 1, sets: [], merged: null, bootId: '1'.repeat(32), tlsKeySha256: null },
      logs: {
        firmware: null,
        userspace: { bytes: 0, sha256: '0'.repeat(64), records: 0, incomplete: false },
      },
    },
    binding: {
      nonce: 'A'.repeat(24),
      path: [{ side: 'left', hash: 'ab'.repeat(32) }],
      root: 'cd'.repeat(32),
    },
    quote: { attested: 'AAAA', signature: 'AAAA' },
    pcrs: { sha256: { 13: '00'.repeat(32) } },
    logs: { firmware: null, from: 0, userspace: '' },
  };
  return {
    name: 'documents',
    seeds: [Buffer.from(JSON.stringify(evidence)), Buffer.from(JSON.stringify(evidence, null, 2))],
    meanings: null,
    run: (mutant) => {
      orRefused(() => parseIdentity(mutant));
      return String(parseEvidence(mutant).version);
    },
  };
}
