/**
 * Measures a line on the host that this runs on, whose /run is a test's own, with a service at systemd's place that measures as
 * systemd does. Writes what the service was asked and what is in the log, as JSON. Arguments: the root, the TPM's TCTI.
 */
import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

import { digest } from '../../../../verifier/bytes/digest.ts';
import { answer, FakeVarlink } from '../../../tests/fake-varlink.ts';
import { openTpm } from '../../../tpm-device/tpm2-tools.ts';
import { eventTexts, parseMeasuredLog } from '../../measured-events.ts';
import { extendAndAppend } from '../append-log.ts';
import { recordEvents } from '../measure-log.ts';
import { readLog } from '../read-log.ts';

const [, , root = '', tcti = ''] = process.argv;
const place = '/run/systemd/io.systemd.PCRExtend';
const device = openTpm({ tcti });
const service = await new FakeVarlink(async ({ parameters }, socket) => {
  const line = String(parameters['text']);
  const digests = new Map((await device.activeBanks()).map((bank) => [bank, digest(bank, line)]));
  await extendAndAppend(device, '/', 13, [{ line, digests }]);
  socket.write(answer({ parameters: {} }));
}).listen();
mkdirSync(dirname(place), { recursive: true });
renameSync(service.path, place);
// As far as we know systemd's service has the same TPM.
await recordEvents({ ...device, isDefault: true }, root, 13, ['one']);
const texts = eventTexts(parseMeasuredLog(await readLog('/')), 13);
process.stdout.write(
  JSON.stringify({ asked: service.calls.map(({ parameters }) => parameters['text']), texts }),
);
await service.stop();
