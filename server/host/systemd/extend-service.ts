import { faultPoint } from '#fault-point';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { ownSocket } from '../../os/own-socket.ts';
import { connectVarlink, type VarlinkAnswer, type VarlinkConnection } from '../../os/varlink.ts';
import { type Appended, checkRoom, encodeRecord, eventType, type MeasuredLine } from './append-log.ts';
import { observe, type ObservedRegister, recordedSince } from './observed-register.ts';

/** The socket of systemd-pcrextend(8), since systemd 255; it listens only on hosts that were booted measured. */
const socketPath = '/run/systemd/io.systemd.PCRExtend';

/** The path of the service's socket if this host offers it, and root does; else null. */
export function findExtendService(): Promise<string | null> {
  return ownSocket(socketPath);
}

/** A call starts a process that finds the TPM and waits its turn for it and for the log. */
const timeoutMs = 30_000;

/** What a service did. */
export interface MeasuredByService {
  /** So many of the lines, from the first, were measured; the rest was not and will not be. */
  readonly count: number;
  readonly appended: Appended;
}

/**
 * Measures lines by io.systemd.PCRExtend, a call each (src/shared/varlink-io.systemd.PCRExtend.c in systemd). The service
 * locks and writes the log; no lock of ours is held meanwhile, or it would wait for us.
 *
 *     lock the log shared; read the log and the PCR; unlock
 *     connect, then for each line: call, answer              killed here: the service has measured some of the lines
 *     lock the log shared; read the log and the PCR; unlock
 *
 * What the service answers is not relied upon: what counts is what the log and the PCR have gained in between. A line
 * that might yet be measured, because nobody answered and nobody hung up, is not measured again.
 *
 * @returns null if nobody listens on the socket: then nothing was sent.
 * @throws CouldNotDecide if it is not known how many were measured or will be, if the log and the PCR did not change
 *   alike, or if the log has no room.
 */
export async function measureByService(
  socket: string,
  register: ObservedRegister,
  lines: readonly MeasuredLine[],
): Promise<MeasuredByService | null> {
  const before = await observe(register);
  const start = before.log.length;
  checkRoom(start + Buffer.concat(lines.map((line) => encodeRecord(register.pcr, line))).length);
  const connection = await connectVarlink(socket, { timeoutMs });
  if (connection === null) return null;
  const failure = await extendEach(connection, register.pcr, lines).finally(() => connection.close());
  const after = await observe(register);
  const count = recordedSince(before, after, register, lines);
  if (count < lines.length && failure?.kind === 'lost' && !failure.over)
    throw new CouldNotDecide(`systemd's io.systemd.PCRExtend may or may not have measured: ${failure.why}`);
  return { count, appended: { start, end: after.log.length, incomplete: after.incomplete } };
}

/** @returns the first answer that is none or a refusal, after which nothing was sent; null if there was none such. */
async function extendEach(
  connection: VarlinkConnection,
  pcr: number,
  lines: readonly MeasuredLine[],
): Promise<Exclude<VarlinkAnswer, { kind: 'reply' }> | null> {
  let type: object = { eventType };
  for (const { line: text } of lines) {
    let answer = await extend(connection, { pcr, text, ...type });
    if (isUnknownType(answer)) {
      type = {};
      answer = await extend(connection, { pcr, text });
    }
    if (answer.kind !== 'reply') return answer;
  }
  return null;
}

function extend(connection: VarlinkConnection, parameters: object): Promise<VarlinkAnswer> {
  faultPoint('call');
  return connection.call('io.systemd.PCRExtend.Extend', parameters);
}

// systemd 257 has no such parameter yet, and refuses a call with one before it does anything.
function isUnknownType(answer: VarlinkAnswer): boolean {
  return (
    answer.kind === 'error' &&
    answer.error === 'org.varlink.service.InvalidParameter' &&
    answer.parameters['parameter'] === 'eventType'
  );
}
