import { digest, type DigestName } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import type { Policy } from '../policy/policy.ts';
import { type CompiledFile, compiledJson, plainName } from './compiled-file.ts';

/**
 * The component's place among those of systemd.pcrlock(5): the gate measures after the file systems are mounted (830, 840) and
 * before sysinit.target (850).
 */
const component = '845-touchstone-extensions';

/** The banks, in the order of systemd's own files: which of them a TPM has is not known here. */
const banks: readonly DigestName[] = ['sha1', 'sha256', 'sha384', 'sha512'];

/**
 * What systemd-pcrlock has to expect in the policy's PCR when the gate has measured one set of extensions: a variant of the
 * component, named by its events. Variants of other sets may stand beside it; each is one of the values that are then allowed.
 *
 * @param events the lines that the gate measures, oldest first.
 */
export function compilePcrlock(policy: Policy, events: readonly string[]): CompiledFile {
  const set = toHex(digest('sha256', ...events.map((line) => `${line}\n`))).slice(0, 12);
  const records = events.map((line) => ({
    pcr: policy.measurePcr,
    digests: banks.map((hashAlg) => ({ hashAlg, digest: toHex(digest(hashAlg, line)) })),
  }));
  return {
    path: `var/lib/pcrlock.d/${component}.pcrlock.d/${plainName(policy)}-${policy.version}-${set}.pcrlock`,
    content: compiledJson(policy, { events, records }),
  };
}
