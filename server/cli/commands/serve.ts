import { z } from 'zod';

import { parseShape } from '../../../verifier/bytes/shape.ts';
import { readHistory } from '../../host/history-file.ts';
import { takePolicy } from '../../host/take-policy.ts';
import { parseListenAddress, urlOf } from '../../http/listen.ts';
import { chaseInRoot } from '../../os/chase.ts';
import { policyPath } from '../../os/own-paths.ts';
import { openTpm } from '../../tpm-device/tpm2-tools.ts';
import { readPolicy } from '../decision-policy.ts';
import { startEndpoint } from '../endpoint.ts';
import { type ExitCode, exitCodes, type Output, printable, UsageError } from '../output.ts';
import { untilSignal } from '../until-signal.ts';

const shape = z.object({
  listen: z.string(),
  root: z.string(),
  tcti: z.string().optional(),
  policy: z.string().optional(),
  policyTrust: z.array(z.string()),
  pcr: z
    .string()
    .regex(/^(?:\d|1[0-5])$/, 'is not a PCR from 0 to 15')
    .optional(),
});

/** `touchstone serve`: the endpoint until SIGTERM or SIGINT. */
export async function serve(raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const address = parseListenAddress(options.listen);
  if (typeof address === 'string') throw new UsageError(`--listen: ${address}`);
  const log = (message: string): void => output.err(`touchstone: ${printable(message)}\n`);
  const device = openTpm({ tcti: options.tcti });
  const measurePcr = await measuredPcr(options, output);
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

/** The PCR that the gate's policy measures into. A host without a policy can still prove that nothing was measured. */
async function measuredPcr(options: z.infer<typeof shape>, output: Output): Promise<number> {
  const path = options.policy ?? (await chaseInRoot(options.root, policyPath));
  const given = options.pcr === undefined ? null : Number(options.pcr);
  if (path === null) {
    if (options.policyTrust.length > 0)
      throw new UsageError(
        `--policy-trust is about a policy, and there is no ${policyPath}; give --policy FILE`,
      );
    return given ?? 13;
  }
  const policy = await readPolicy(path, options, output);
  takePolicy(policy, await readHistory(options.root), options.policyTrust.length > 0);
  if (given !== null && given !== policy.measurePcr)
    throw new UsageError(`--pcr ${given} is not the PCR of ${path}, which is ${policy.measurePcr}`);
  return policy.measurePcr;
}
