import { z } from 'zod';

import { parseShape } from '../../../verifier/bytes/shape.ts';
import { parseListenAddress, urlOf } from '../../http/listen.ts';
import { openTpm } from '../../tpm-device/tpm2-tools.ts';
import { startEndpoint } from '../endpoint.ts';
import { type ExitCode, exitCodes, type Output, printable, UsageError } from '../output.ts';
import { untilSignal } from '../until-signal.ts';

const shape = z.object({
  listen: z.string(),
  root: z.string(),
  tcti: z.string().optional(),
  pcr: z.string().regex(/^(?:\d|1[0-5])$/, 'is not a PCR from 0 to 15'),
});

/** `touchstone serve`: the endpoint until SIGTERM or SIGINT. */
export async function serve(raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const address = parseListenAddress(options.listen);
  if (typeof address === 'string') throw new UsageError(`--listen: ${address}`);
  const log = (message: string): void => output.err(`touchstone: ${printable(message)}\n`);
  const device = openTpm({ tcti: options.tcti });
  const measurePcr = Number(options.pcr);
  const { server, identity, stop } = await startEndpoint({
    root: options.root,
    device,
    address,
    measurePcr,
    log,
  });
  log(`attestation key ${identity.attestationKey.name} (${identity.origin}); serving at ${urlOf(server)}`);
  await untilSignal();
  await stop();
  return exitCodes.yes;
}
