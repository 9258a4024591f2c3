import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createAttester } from '../server/attester/attester.ts';
import { type LogSelection, wholeLogs } from '../server/attester/select-logs.ts';
import { ensureIdentity } from '../server/attester/identity.ts';
import { runCommandLine } from '../server/cli/command-line.ts';
import { makeSampleHost } from '../server/demo/sample-host.ts';
import { evidenceBody } from '../server/http/evidence-body.ts';
import { startSoftwareTpm } from '../server/tpm-device/software-tpm.ts';
import { openTpm } from '../server/tpm-device/tpm2-tools.ts';
import { toBase64 } from '../verifier/bytes/base64.ts';
import { digest } from '../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../verifier/bytes/failures.ts';
import { toHex } from '../verifier/bytes/hex.ts';
import { toIdentityDocument } from '../verifier/evidence/identity.ts';
import type { AppraiseSample } from './appraise-request.ts';
import { eventDigest, parseFirmwareLog } from '../verifier/firmware-log/firmware-log.ts';
import { extendingEvents } from '../verifier/firmware-log/replay.ts';

/** A machine that booted shim and GRUB, with digests of three banks. */
const genuineLog = 'test-vectors/log/genuine/event-gce-ubuntu-2104-log.bin';
const wantedBytes = 40 * 1024;
const grubPcr = 8;

/** That log, in which GRUB ran some of its lines twice: 40 KB. */
function makeLog(): Uint8Array {
  const bytes = new Uint8Array(readFileSync(genuineLog));
  const { events } = parseFirmwareLog(bytes);
  const parts = [bytes.subarray(0, events[0]?.offset ?? 0)];
  let length = bytes.length;
  for (const { offset, pcr, dataAt, dataBytes } of events) {
    const event = bytes.subarray(offset, dataAt + dataBytes);
    parts.push(event);
    if (pcr !== grubPcr || length >= wantedBytes) continue;
    parts.push(event);
    length += event.length;
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** A host that booted as that log says and gated an image: its answers to so many challenges, a quote each. */
export async function makeAppraiseSample(directory: string, challenges: number): Promise<AppraiseSample> {
  const host = await makeSampleHost(directory);
  const tpm = await startSoftwareTpm();
  try {
    const log = makeLog();
    const firmwareLog = { path: join(directory, 'firmware.bin') };
    writeFileSync(firmwareLog.path, log);
    extend(tpm.tcti, log);
    const quiet = { out: () => undefined, err: () => undefined };
    await runCommandLine(['gate', '--root', host.root, '--tcti', tpm.tcti], quiet);
    const device = openTpm({ tcti: tpm.tcti });
    const identity = await ensureIdentity(host.root, device);
    const attester = createAttester({ root: host.root, device, measurePcr: 13, ...identity, firmwareLog });
    const answers = [];
    for (let number = 0; number < challenges; number++) {
      const nonce = digest('sha256', `challenge ${number}`);
      const evidence = await attester.attest(nonce);
      if ((evidence.claims.sets[0]?.extensions.length ?? 0) === 0)
        throw new CouldNotDecide('nothing was gated');
      const bodyOf = (selection: LogSelection): string =>
        Buffer.concat(evidenceBody(evidence, selection)).toString();
      const knownFirmware = evidence.claims.logs.firmware?.sha256 ?? null;
      answers.push({
        nonce: toHex(nonce),
        whole: bodyOf(wholeLogs),
        known: bodyOf({ knownFirmware, from: 0 }),
      });
    }
    return {
      identity: JSON.stringify(toIdentityDocument(identity.identity)),
      policyFile: host.policy,
      firmwareLog: toBase64(log),
      challenges: answers,
    };
  } finally {
    await tpm.stop();
  }
}

const eventsAtOnce = 8;

function extend(tcti: string, bytes: Uint8Array): void {
  const log = parseFirmwareLog(bytes);
  const all = [...extendingEvents(log).values()].flat().map((event) => {
    const digests = log.banks.map(
      (bank) => `${bank}=${toHex(eventDigest(log, event, bank) ?? new Uint8Array())}`,
    );
    return `${event.pcr}:${digests.join(',')}`;
  });
  for (let at = 0; at < all.length; at += eventsAtOnce)
    execFileSync('tpm2_pcrextend', ['-T', tcti, ...all.slice(at, at + eventsAtOnce)]);
}
