import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Hex } from '../../verifier/bytes/hex.ts';
import { parseHex } from '../../verifier/bytes/hex.ts';
import type { Evidence } from '../../verifier/evidence/evidence.ts';
import type { Challenges } from './attest.ts';
import { type BatchLimits, createQuoteBatches } from './quote-batches.ts';

const limits: BatchLimits = {
  waiting: 8,
  together: 4,
  waitingMs: 20_000,
  gather: { share: Infinity, ms: 20 },
};
const never = new AbortController().signal;

/** A TPM that is told when to answer; evidence is the nonce it is for and nothing else. */
function tpm() {
  const quotes: (Challenges & { readonly end: (error?: Error) => void })[] = [];
  const quote = (challenges: Challenges): Promise<readonly Evidence[]> =>
    new Promise((resolve, reject) => {
      const answers = challenges.nonces.map((nonce) => evidenceFor(nonce));
      quotes.push({
        ...challenges,
        end: (error) => {
          if (error === undefined) resolve(answers);
          else reject(error);
        },
      });
    });
  /** Waits until so many quotes were begun, and gives the last of them. */
  const begun = async (count: number) => {
    for (let turn = 0; turn < 5000 && quotes.length < count; turn++) await sleep(1);
    const last = quotes[count - 1];
    assert.ok(last !== undefined);
    return last;
  };
  return { quotes, quote, begun };
}

function evidenceFor(nonce: Uint8Array): Evidence {
  const empty = new Uint8Array();
  return {
    version: 1,
    claims: {
      ...{ version: 1, sets: [], merged: null, bootId: '0'.repeat(32), tlsKeySha256: null },
      logs: { firmware: null, userspace: { bytes: 0, sha256: '', records: 0, incomplete: false } },
    },
    binding: { nonce, path: [], root: empty },
    quote: { attested: empty, signature: empty },
    pcrs: new Map(),
    identity: {
      version: 1,
      endorsement: { public: empty, certificate: null },
      attestation: { public: empty },
    },
    logs: { firmware: null, from: 0, userspace: empty },
  };
}

const nonceOf = (value: number): Uint8Array => Uint8Array.of(value);
const valuesOf = (nonces: readonly Uint8Array[] | undefined): number[] =>
  (nonces ?? []).map((nonce) => nonce[0] ?? -1);

function asker(quote: ReturnType<typeof tpm>['quote'], given: BatchLimits = limits) {
  const batches = createQuoteBatches(quote, given);
  const ask = async (value: number, tlsKeySha256: Hex | null = null, signal = never): Promise<number> =>
    (await batches.answer({ nonce: nonceOf(value), tlsKeySha256, signal })).binding.nonce[0] ?? -1;
  return { ask, waiting: batches.waiting };
}

test('those who come while a quote is under way share the next one, and never that one', async () => {
  const { quotes, quote, begun } = tpm();
  const { ask } = asker(quote);
  const first = ask(1);
  const others = [ask(2), ask(3), ask(4)];
  await sleep(20);
  assert.deepEqual(
    quotes.map(({ nonces }) => valuesOf(nonces)),
    [[1]],
  );
  quotes[0]?.end();
  assert.equal(await first, 1);
  await begun(2);
  assert.deepEqual(
    quotes.map(({ nonces }) => valuesOf(nonces)),
    [[1], [2, 3, 4]],
  );
  quotes[1]?.end();
  assert.deepEqual(await Promise.all(others), [2, 3, 4]);
});

test('one quote is taken at a time, and answers no more than it may', async () => {
  const { quotes, quote, begun } = tpm();
  const { ask } = asker(quote);
  const all = [1, 2, 3, 4, 5, 6, 7].map((value) => ask(value));
  for (const expected of [1, 2, 3]) {
    const { end } = await begun(expected);
    await sleep(limits.gather.ms * 2);
    assert.equal(quotes.length, expected);
    end();
  }
  assert.deepEqual(await Promise.all(all), [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(
    quotes.map(({ nonces }) => valuesOf(nonces)),
    [[1], [2, 3, 4, 5], [6, 7]],
  );
});

test('who went away while waiting is not quoted for; where all have gone there is no quote', async () => {
  const { quotes, quote, begun } = tpm();
  const { ask, waiting } = asker(quote);
  const first = ask(1);
  const gone = new AbortController();
  const left = ask(2, null, gone.signal);
  const stayed = ask(3);
  gone.abort();
  await assert.rejects(left, /went away/);
  quotes[0]?.end();
  await first;
  assert.deepEqual(valuesOf((await begun(2)).nonces), [3]);
  const last = ask(4, null, gone.signal);
  await assert.rejects(last, /went away/);
  quotes[1]?.end();
  await stayed;
  await sleep(limits.gather.ms * 2);
  assert.equal(quotes.length, 2);
  assert.equal(waiting(), 0);
});

test('more than may wait are refused at once', async () => {
  const { quote, begun } = tpm();
  const { ask, waiting } = asker(quote);
  const all = Array.from({ length: limits.waiting }, (_, index) => ask(index));
  assert.equal(waiting(), limits.waiting);
  await assert.rejects(ask(99), (error) => error instanceof CouldNotDecide && /too many/.test(error.message));
  for (const turn of [1, 2, 3]) (await begun(turn)).end();
  await Promise.all(all);
  assert.equal(waiting(), 0);
});

test('a TPM that hangs is not waited for: who waits too long is refused, in the queue and in the quote', async () => {
  const { quotes, quote, begun } = tpm();
  const { ask, waiting } = asker(quote, { ...limits, waitingMs: 200 });
  const start = performance.now();
  const outcomes = await Promise.allSettled([ask(1), ask(2)]);
  assert.ok(performance.now() - start < 5_000);
  for (const outcome of outcomes)
    assert.match(String(outcome.status === 'rejected' && outcome.reason), /not answered within 0.2 s/);
  assert.equal(waiting(), 0);
  const next = ask(3).catch(() => 'late');
  quotes[0]?.end();
  const second = await begun(2);
  assert.deepEqual(valuesOf(second.nonces), [3], 'those who gave up are not quoted for');
  second.end();
  assert.equal(await next, 3);
});

test('challenges that came by different TLS keys get different quotes, since the claims name one', async () => {
  const { quotes, quote, begun } = tpm();
  const { ask } = asker(quote);
  const [a, b] = ['aa'.repeat(32), 'bb'.repeat(32)].map((text) => parseHex(text, 'key', 32));
  const all = [ask(1), ask(2, a), ask(3, b), ask(4, a)];
  for (const turn of [1, 2, 3]) (await begun(turn)).end();
  await Promise.all(all);
  assert.deepEqual(
    quotes.map(({ nonces, tlsKeySha256 }) => [tlsKeySha256, valuesOf(nonces)]),
    [
      [null, [1]],
      [a, [2, 4]],
      [b, [3]],
    ],
  );
});

test('a quote that fails refuses those it was for, and nobody else', async () => {
  const { quotes, quote, begun } = tpm();
  const { ask } = asker(quote);
  const first = ask(1);
  const second = ask(2);
  quotes[0]?.end(new CouldNotDecide('the TPM is gone'));
  await assert.rejects(first, /the TPM is gone/);
  (await begun(2)).end();
  assert.equal(await second, 2);
});

test('after many were answered, the next quote waits a moment for them to ask again', async () => {
  const { quotes, quote, begun } = tpm();
  const { ask } = asker(quote, { ...limits, gather: { share: Infinity, ms: 10_000 } });
  const first = ask(1);
  const pair = [ask(2), ask(3)];
  quotes[0]?.end();
  await first;
  const { end } = await begun(2);
  const early = ask(4);
  end();
  await Promise.all(pair);
  const again = ask(5);
  await sleep(20);
  assert.equal(quotes.length, 2, 'one of the two has asked again');
  const late = ask(6);
  const third = await begun(3);
  assert.deepEqual(valuesOf(third.nonces), [4, 5, 6], 'both have, so nobody is waited for any more');
  third.end();
  await Promise.all([early, again, late]);
});

test('that moment is a share of what a quote takes', async () => {
  const { quotes, quote, begun } = tpm();
  const { ask } = asker(quote, { ...limits, gather: { share: 0.25, ms: 60_000 } });
  const all = [ask(1), ask(2), ask(3)];
  quotes[0]?.end();
  const { end } = await begun(2);
  const next = ask(4);
  await sleep(40);
  end();
  await Promise.all(all);
  const third = await begun(3);
  assert.deepEqual(valuesOf(third.nonces), [4]);
  third.end();
  await next;
});
