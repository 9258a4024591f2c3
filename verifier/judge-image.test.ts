import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { makeErofs } from '../test-vectors/generate/make-image.ts';
import type { ByteSource } from './image/byte-source.ts';
import { bytesSource } from './image/bytes-source.ts';
import type { VerifyImageOptions } from './image-verdict.ts';
import type { Policy } from './policy/policy.ts';
import { trustOnlyPolicy } from './policy/trust-only-policy.ts';
import { parseCertificates } from './trust/certificate.ts';
import { checkImage, judgeImage, verifyImage } from './verify-image.ts';

const vector = (name: string) => readFileSync(`test-vectors/image/${name}`);
const signed = new Uint8Array(gunzipSync(vector('sysext-two-levels.raw.gz')));
const bare = makeErofs({
  'usr/lib/extension-release.d/extension-release.sysext-two-levels': 'ID=_any\n',
  'usr/share/filler': 'filler'.repeat(100_000),
});
const name = { class: 'sysext', name: 'sysext-two-levels' } as const;

const trusting = (file: string): Policy => trustOnlyPolicy(parseCertificates(vector(file), file));
const options = (policy: Policy, full: boolean): VerifyImageOptions => ({
  ...{ policy, full, now: new Date(), host: null, labels: new Map(), acceptedVersion: () => null },
});

/** The source, and how many bytes were read from it. */
function counted(bytes: Uint8Array): { readonly source: ByteSource; readonly read: () => number } {
  const inner = bytesSource(bytes);
  let count = 0;
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    count += length;
    return inner.read(offset, length);
  };
  return { source: { ...inner, size: inner.size, read }, read: () => count };
}

for (const [form, bytes] of Object.entries({ ddi: signed, bare }))
  test(`an image that is read once gets the verdicts of several policies, as if read for each (${form})`, async () => {
    const policies = [trusting('rsa.pem'), trusting('p256.pem')];
    const { source, read } = counted(bytes);
    const checked = await checkImage({ image: source }, { full: true });
    const before = read();
    assert.ok(before > 100_000);
    for (const policy of policies)
      assert.deepEqual(
        await judgeImage(checked, name, options(policy, true)),
        await verifyImage({ image: bytesSource(bytes) }, name, options(policy, true)),
      );
    assert.ok(read() - before < before / 4, `${read() - before} after ${before} bytes`);
  });
