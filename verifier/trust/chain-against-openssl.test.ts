import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { now } from '../../test-vectors/generate/chain-case.ts';
import type { MadeCertificate } from '../../test-vectors/generate/chain-certificate.ts';
import { purposes } from '../../test-vectors/generate/chain-extension.ts';
import { faults } from '../../test-vectors/generate/chain-faults.ts';
import { judgeChain } from '../../test-vectors/generate/chain-judges.ts';
import {
  chanceFrom,
  matters,
  type RandomChain,
  randomChain,
} from '../../test-vectors/generate/chain-random.ts';
import { JudgeBench } from '../../test-vectors/generate/judges.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { parseCertificate } from './certificate.ts';
import { verifyChain } from './chain.ts';
import { parseRevocationLists } from './revocation-list.ts';

interface Explanation {
  readonly openssl: 'accepts' | 'refuses';
  readonly why: string;
  readonly of: (chain: RandomChain) => boolean;
}

const has = (name: string, also: (chain: RandomChain) => boolean = () => true) => {
  assert.ok(
    faults.some((fault) => fault.name === name),
    name,
  );
  return (chain: RandomChain) => chain.faults.some((fault) => fault.name === name) && also(chain);
};

// Every reason for which openssl may say something else of these chains.
const explanations: readonly Explanation[] = [
  {
    of: has('last second'),
    openssl: 'refuses',
    why: 'it counts the last second as expired, RFC 5280 section 4.1.2.5 as valid',
  },
  {
    of: has('issuer as another string'),
    openssl: 'accepts',
    why: 'it compares names whatever their strings are, here their bytes are compared',
  },
  { of: has('exponent 1'), openssl: 'accepts', why: 'it does not look at exponents' },
  { of: has('secp256k1'), openssl: 'accepts', why: 'it allows every curve of that size' },
  { of: has('Ed448'), openssl: 'accepts', why: 'it verifies Ed448, which is not known here' },
  {
    of: has('unknown extension twice'),
    openssl: 'accepts',
    why: 'it looks for extensions twice only among those it knows',
  },
  {
    of: has('no constraints'),
    openssl: 'accepts',
    why: 'it takes an anchor for an authority that is not called none; below anchors it agrees',
  },
  {
    of: has('authority for anything', ({ forMail }) => forMail),
    openssl: 'refuses',
    why: 'it does not take an authority for any usage for one for mail',
  },
  {
    of: has('for nothing in particular', ({ forMail }) => forMail),
    openssl: 'accepts',
    why: 'it takes a missing extension for every usage',
  },
  {
    of: has('keyEncipherment', ({ forMail }) => !forMail),
    openssl: 'accepts',
    why: 'it is not asked whether the signer may sign unless it is asked about mail',
  },
  {
    of: has('no authority key', ({ renewed }) => renewed),
    openssl: 'refuses',
    why: "it takes a certificate in its issuer's name for self-signed unless it names another key",
  },
  {
    of: has('no subject key', ({ renewed }) => renewed),
    openssl: 'refuses',
    why: 'it follows one path, through the first issuer whose key identifier does not rule that out',
  },
  { of: has('negative serial number'), openssl: 'accepts', why: 'it takes any serial number' },
  { of: has('version 4'), openssl: 'accepts', why: 'it does not look at versions' },
  {
    of: ({ lists, around }) => lists !== null && around === 'one an anchor too',
    openssl: 'refuses',
    why: 'it asks lists about anchors too, whose issuers are not in the path',
  },
  {
    of: ({ lists, renewed }) => renewed && lists !== null && lists.matter !== 'nothing',
    openssl: 'accepts',
    why: "it believes lists by another key of the issuer's name further up the path (RFC 5280 section 6.3.3 (f)), here the key that issued has to sign",
  },
  { of: ({ length }) => length > 8, openssl: 'accepts', why: 'it allows longer paths' },
];

function weAccept({ signer, intermediates, anchors, forMail, lists }: RandomChain): boolean {
  const parse = ({ der }: MadeCertificate) => parseCertificate(der, 'certificate');
  const extendedKeyUsage = forMail ? [purposes.emailProtection] : [];
  try {
    const revocationLists = lists?.ders.flatMap((der) => parseRevocationLists(der, 'list')) ?? null;
    const certificates = anchors.map(parse);
    const set = { name: 'vendor', mode: 'issued', certificates, extendedKeyUsage, revocationLists } as const;
    return verifyChain(parse(signer), intermediates.map(parse), set, new Date(now)).ok;
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported) return false;
    throw error;
  }
}

const bench = new JudgeBench();
after(() => bench.remove());

function opensslAccepts({ signer, intermediates, anchors, forMail, lists }: RandomChain): boolean {
  const base64 = ({ der }: { readonly der: Uint8Array }) => Buffer.from(der).toString('base64');
  const inputs = {
    signer: base64(signer),
    intermediates: intermediates.map(base64),
    anchors: anchors.map(base64),
    revocationLists: lists?.ders.map((der) => base64({ der })) ?? null,
    now,
  };
  return judgeChain(bench, inputs, forMail ? 'smimesign' : 'any') === 'accepted';
}

// The chains are the same each time. Any seeds will do; the last ones show lines of the table that few chains do.
const seeds = [...Array.from({ length: 220 }, (_, at) => at + 1), 3207, 5780, 10_253];
const chains = seeds.map((seed) => {
  const chance = chanceFrom(seed);
  const chain = randomChain(chance, [0, 1, 1, 1, 2][chance(5)] ?? 0);
  return { seed, chain, ours: weAccept(chain), openssls: opensslAccepts(chain) };
});
const disagreements = chains.filter(({ ours, openssls }) => ours !== openssls);

test('verifyChain and openssl verify agree on random chains, unless the table says why they do not', () => {
  const unexplained = disagreements.filter(
    ({ chain, openssls }) =>
      !explanations.some(({ openssl, of }) => (openssl === 'accepts') === openssls && of(chain)),
  );
  const described = unexplained.map(({ seed, chain, ours }) => ({
    ...{ seed, ours, forMail: chain.forMail, length: chain.length, around: chain.around },
    lists: chain.lists?.matter,
    faults: chain.faults.map(({ name }) => name),
  }));
  assert.deepEqual(described, []);
});

test('every line of the table explains something', () => {
  const idle = explanations.filter(
    ({ of, openssl }) =>
      !disagreements.some((one) => one.openssls === (openssl === 'accepts') && of(one.chain)),
  );
  assert.deepEqual(
    idle.map(({ why }) => why),
    [],
  );
});

test('the chains are good and bad, long and short, and have every fault', () => {
  const accepted = chains.filter(({ ours }) => ours).length;
  assert.ok(accepted * 3 >= chains.length && accepted * 3 <= 2 * chains.length, `${accepted} are accepted`);
  const seen = new Set(chains.flatMap(({ chain }) => chain.faults));
  assert.deepEqual(
    faults.filter((fault) => !seen.has(fault)).map(({ name }) => name),
    [],
  );
  assert.deepEqual(
    [...new Set(chains.map(({ chain }) => chain.length))].sort((a, b) => a - b),
    [2, 3, 4, 5, 8, 9, 10],
  );
  assert.equal(new Set(chains.map(({ chain }) => chain.around)).size, 7);
  const seenMatters = new Set(chains.flatMap(({ chain }) => chain.lists?.matter ?? []));
  assert.deepEqual([...seenMatters].sort(), [...matters].sort());
});
