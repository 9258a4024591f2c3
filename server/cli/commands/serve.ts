import { z } from 'zod';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { defaultQuotedPcrs } from '../../attester/attester-options.ts';
import { type BootLogPlace, readBootLog } from '../../host/boot-log.ts';
import { readHistory } from '../../host/history-file.ts';
import { takePolicy } from '../../host/take-policy.ts';
import { type Place, urlOf } from '../../http/listen.ts';
import { parseListenAddress } from '../../http/listen-address.ts';
import type { TlsFiles } from '../../http/tls-material.ts';
import { chaseInRoot } from '../../os/chase.ts';
import { policyPath } from '../../os/own-paths.ts';
import { activatedSocket, serviceEnvironment, serviceManager } from '../../os/started-by-systemd.ts';
import type { Log } from '../../os/structured-log.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';
import { openTpm } from '../../tpm-device/tpm2-tools.ts';
import { readPolicy } from '../decision-policy.ts';
import { type Endpoint, startEndpoint } from '../endpoint.ts';
import { isThisSystem } from '../gate-options.ts';
import { type ExitCode, exitCodes, type Output, UsageError } from '../output.ts';
import { parsePcrList } from '../pcr-list.ts';
import { serviceLog } from '../serve-log.ts';
import { untilSignal } from '../until-signal.ts';

const shape = z.object({
  listen: z.string(),
  tlsCertificate: z.string().optional(),
  tlsKey: z.string().optional(),
  clientCa: z.string().optional(),
  root: z.string(),
  tcti: z.string().optional(),
  policy: z.string().optional(),
  policyTrust: z.array(z.string()),
  pcr: z
    .string()
    .regex(/^(?:\d|1[0-5])$/, 'is not a PCR from 0 to 15')
    .optional(),
  quotePcrs: z.string().optional(),
  firmwareLog: z.string().min(1).optional(),
  verbose: z.boolean().default(false),
});

/** For one command of the TPM. Clients have given up by then, and those who ask next are to find it free again. */
const tpmTimeoutMs = 10_000;

/**
 * `touchstone serve`: the endpoint until SIGTERM or SIGINT; SIGHUP makes it read its TLS files again. The service manager
 * that started it, if one did, hears when it is ready, reloads and stops, and that it is alive.
 */
export async function serve(raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const tls = tlsFiles(options);
  const address = place(options.listen, tls);
  const log = serviceLog(output, options);
  const measurePcr = await measuredPcr(options, output);
  const quotedPcrs = options.quotePcrs === undefined ? defaultQuotedPcrs : parsePcrList(options.quotePcrs);
  const firmwareLog = await bootLogPlace(options);
  const device = await openHostTpm(options);
  const endpoint = await startEndpoint({
    ...{ root: options.root, device, measurePcr, quotedPcrs, firmwareLog },
    ...{ address, tls, log },
  });
  const { attestationKey, origin } = endpoint.identity;
  const url = urlOf(endpoint.server);
  log(`attestation key ${attestationKey.name} (${origin}); serving at ${url}`);
  await untilStopped(endpoint, `serving at ${url}`, log);
  return exitCodes.yes;
}

/** This system's TPM knows nothing of a host below a directory, and its keys would speak for one it has never seen. */
async function openHostTpm({ root, tcti }: z.infer<typeof shape>): Promise<TpmDevice> {
  if (tcti === undefined && !(await isThisSystem(root)))
    throw new CouldNotDecide(`nothing says which TPM the host below ${root} has; name one by --tcti`);
  return openTpm({ tcti, timeoutMs: tpmTimeoutMs });
}

async function untilStopped({ reload, stop }: Endpoint, status: string, log: Log): Promise<void> {
  const manager = serviceManager(serviceEnvironment(), (message) => {
    log(`the service manager cannot be told: ${message}`, { level: 'warn' });
  });
  let reloading: Promise<unknown> = Promise.resolve();
  // One after the other, so that the certificates of the last signal are those that are served in the end.
  const hangUp = (): void => {
    reloading = reloading
      .then(manager.reloading)
      .then(reload)
      .then(() => manager.ready(status));
  };
  process.on('SIGHUP', hangUp);
  await manager.ready(status);
  await untilSignal();
  process.off('SIGHUP', hangUp);
  await Promise.all([manager.stopping(), stop()]);
}

/** A log that is named and cannot be read is said at once, and not to the first who asks. */
async function bootLogPlace({ root, firmwareLog }: z.infer<typeof shape>): Promise<BootLogPlace> {
  if (firmwareLog === undefined) return 'kernel';
  const named = firmwareLog === 'none' ? 'none' : { path: firmwareLog };
  await readBootLog(root, named);
  return named;
}

/** `systemd` means the socket that systemd listens on for us. */
function place(text: string, tls: TlsFiles | null): Place {
  if (text === 'systemd') return { fd: activatedSocket(serviceEnvironment()) };
  const address = parseListenAddress(text, { tls: tls !== null });
  if (typeof address === 'string') throw new UsageError(`--listen: ${address}`);
  return address;
}

/** All three or none: a server that asks for no client certificate answers anybody. */
function tlsFiles({ tlsCertificate, tlsKey, clientCa }: z.infer<typeof shape>): TlsFiles | null {
  if (tlsCertificate === undefined && tlsKey === undefined && clientCa === undefined) return null;
  if (tlsCertificate === undefined || tlsKey === undefined || clientCa === undefined)
    throw new UsageError('--tls-certificate FILE, --tls-key FILE and --client-ca FILE go together');
  return { certificate: tlsCertificate, key: tlsKey, clientCa };
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
