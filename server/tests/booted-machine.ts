import { execFileSync } from 'node:child_process';

import { toHex } from '../../verifier/bytes/hex.ts';
import { eventDigest, parseFirmwareLog } from '../../verifier/firmware-log/firmware-log.ts';
import { extendingEvents } from '../../verifier/firmware-log/replay.ts';
import { firmwareLogPath } from '../os/host-paths.ts';
import { SampleMachine } from './sample-machine.ts';

/** A machine whose TPM holds what a firmware measured, and that shows the firmware's log as the kernel does. */
export async function bootedBy(log: Uint8Array): Promise<SampleMachine> {
  const machine = await SampleMachine.start();
  try {
    measure(machine, log);
    machine.put(firmwareLogPath.slice(1), log);
    return machine;
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

const eventsAtOnce = 8;

function measure({ tpm }: SampleMachine, bytes: Uint8Array): void {
  const log = parseFirmwareLog(bytes);
  const extends_ = [...extendingEvents(log).values()].flat().map((event) => {
    const digests = log.banks.map((bank) => {
      const digest = eventDigest(log, event, bank);
      return digest === null ? '' : `${bank}=${toHex(digest)}`;
    });
    return `${event.pcr}:${digests.join(',')}`;
  });
  for (let at = 0; at < extends_.length; at += eventsAtOnce)
    execFileSync('tpm2_pcrextend', ['-T', tpm.tcti, ...extends_.slice(at, at + eventsAtOnce)]);
}
