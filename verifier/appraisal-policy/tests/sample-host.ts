import assert from 'node:assert/strict';

import { quoteOf } from '../../../test-vectors/generate/log-quote.ts';
import { ascii, sampleBoot } from '../../../test-vectors/generate/log-sample.ts';
import { type BootEvent, bootPcrs, hash, writeLog } from '../../../test-vectors/generate/log-writer.ts';
import { type Hex, parseHex, toHex } from '../../bytes/hex.ts';
import { readFirmwareLog } from '../../firmware-log/read-firmware-log.ts';
import type { MeasuredSet } from '../../measurement/extension-history.ts';
import { checkAppraisalPolicy } from '../check-appraisal-policy.ts';
import { loadAppraisalPolicy } from '../load-appraisal-policy.ts';
import type { ProvedFirmware, ProvedHost } from '../proved-host.ts';

/* A host that proved all there is to prove, and what a policy of one requirement says of it when one thing is changed. */

export const digestOf = (text: string): Hex => toHex(hash('sha256', ascii(text)));

export function firmwareOf(events: readonly BootEvent[], quoted = events): ProvedFirmware {
  const verdict = readFirmwareLog(writeLog(events), quoteOf('sha256', bootPcrs(quoted, 'sha256')));
  assert.ok(verdict.read);
  return verdict.log;
}

export const policyEvent: MeasuredSet['policy'] = {
  ...{ type: 'policy', name: 'edge', version: '12', sha256: digestOf('edge') },
};

export const tools: MeasuredSet['extensions'][number] = {
  ...{ type: 'extension', class: 'sysext', name: 'tools', version: '2.1', hashAlgorithm: 'sha256' },
  ...{ rootHash: digestOf('tools'), signer: digestOf('signer'), rule: 'vendor tools' },
};

export const mergedSet: MeasuredSet = {
  ...{ class: 'sysext', state: 'merged', policy: policyEvent, extensions: [tools] },
  sha256: digestOf('set'),
};

export const host: ProvedHost = {
  enrolment: 'maker',
  pcrs: new Map([...bootPcrs(sampleBoot, 'sha256')].map(([pcr, value]) => [pcr, toHex(value)])),
  firmwareVersion: 0x0007_0002_0000_0000n,
  clock: { clock: 7_200_000n, resetCount: 5, restartCount: 0, safe: true },
  previousClock: { clock: 3_600_000n, resetCount: 5, restartCount: 0, safe: true },
  firmware: firmwareOf(sampleBoot),
  replayed: new Set([13]),
  sets: new Map([['sysext', mergedSet]]),
  mutable: false,
};

export const sha = (digit: string): Hex => parseHex(digit.repeat(64), 'test');

/** A policy of one rule, in line 8, in which this is what is asked, in line 9. */
export function policyText(requirement: string, part: 'require' | 'warn' = 'require'): string {
  const updates = `dbx:
  2023-05-09: [${digestOf('a')}]
  2025-06-10: [${digestOf('b')}, ${sha('c')}]
`;
  return `apiVersion: touchstone/v1
kind: AppraisalPolicy
metadata: { name: hosts, version: 3 }
${requirement.includes('dbxDate') ? updates : '\n\n\n'}rules:
  - name: all hosts
    ${part}: ${requirement}
`;
}

export function load(text: string) {
  return loadAppraisalPolicy({ text: Buffer.from(text), path: 'hosts.yaml' });
}

/** The codes of what speaks against a host that a requirement is put to. */
export function ask(requirement: string, changed: Partial<ProvedHost> = {}): string[] {
  const { reasons, warnings } = checkAppraisalPolicy(
    load(policyText(requirement)),
    { ...host, ...changed },
    new Map(),
  );
  assert.deepEqual(warnings, []);
  for (const { at } of reasons) assert.match(at ?? '', /^hosts\.yaml:9:\d+$/);
  return reasons.map(({ code }) => code);
}
