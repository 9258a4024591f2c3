import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { parseShape } from '../../../verifier/bytes/shape.ts';
import type { Policy } from '../../../verifier/policy/policy.ts';
import { readSystemdVersion } from '../../host/lint/systemd-version.ts';
import { checkExposure, parseListenAddress } from '../../http/listen-address.ts';
import { chaseInRoot } from '../../os/chase.ts';
import { makePrivateDirectory } from '../../os/durable-file.ts';
import { policyPath } from '../../os/own-paths.ts';
import { makeChanges, planChanges } from '../../packaging/changes.ts';
import { privateDirectories } from '../../packaging/directories.ts';
import { hasTpmGroup, tpmShape, waitsForTpm } from '../../packaging/host-facts.ts';
import { findLaterDropIns } from '../../packaging/later-drop-ins.ts';
import { packagedFiles, packagedPaths, type PackagingInput } from '../../packaging/packaged-files.ts';
import { findProgram } from '../../packaging/program.ts';
import { isLive, reloadUnits } from '../../packaging/tell-systemd.ts';
import { whyNoUnitPath } from '../../packaging/unit-path.ts';
import { readPolicy } from '../decision-policy.ts';
import { type ExitCode, exitCodes, type Output, printable, UsageError } from '../output.ts';
import { describeLeft, packagingJson, packagingText } from '../packaging-report.ts';

const shape = z.object({
  root: z.string(),
  endpoint: z.boolean(),
  listen: z.string(),
  tlsCertificate: z.string().optional(),
  tlsKey: z.string().optional(),
  clientCa: z.string().optional(),
  policyTrust: z.array(z.string()),
  tpm: tpmShape,
  force: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  json: z.boolean().default(false),
});

type Options = z.infer<typeof shape>;

/**
 * `touchstone install`: puts Touchstone in front of what merges extensions on a host. Writes nothing if one of the files in its way
 * is not as it wrote it.
 */
export async function install(raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const { root, dryRun } = options;
  const { files, warnings } = packagedFiles(await packagingInput(options, output));
  const changes = await planChanges(root, files, packagedPaths(), options.force);
  const inTheWay = changes.filter(({ kind, content }) => kind === 'left' && content !== null);
  if (inTheWay.length > 0)
    throw new UsageError(
      `nothing was written, since these are not as touchstone install wrote them: ${describeLeft(inTheWay)}; move what you changed to a drop-in of your own, or give --force`,
    );
  const later = await findLaterDropIns(
    root,
    files.map(({ path }) => path),
  );
  const told: string[] = [];
  if (!dryRun) {
    for (const path of privateDirectories) await makePrivateDirectory(root, path);
    await makeChanges(root, changes);
    if (await isLive(root)) {
      await reloadUnits();
      told.push('systemctl daemon-reload');
    }
  }
  const report = {
    ...{ root, changes, dryRun, told, warnings: [...warnings, ...later] },
    next: changes.every(({ kind }) => kind === 'unchanged') ? [] : nextSteps(options, told.length > 0),
  };
  for (const warning of report.warnings) output.err(`touchstone: warning: ${printable(warning)}\n`);
  output.out(options.json ? packagingJson(report) : packagingText(report));
  return exitCodes.yes;
}

async function packagingInput(options: Options, output: Output): Promise<PackagingInput> {
  const { root, policyTrust } = options;
  checkUnitPaths('--policy-trust', policyTrust);
  const endpoint = options.endpoint ? endpointOf(options) : null;
  const systemd = await readSystemdVersion(root);
  if (systemd === null) throw new UsageError(`there is no systemd below ${root}`);
  // From dist/server/cli/commands/ as compiled.
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  return {
    program: await findProgram(root, { node: process.execPath, main }),
    policy: await readHostPolicy(options, output),
    ...{ systemd, policyTrust, tpm: await waitsForTpm(root, options.tpm) },
    endpoint: endpoint === null ? null : { ...endpoint, tpmGroup: await hasTpmGroup(root) },
  };
}

async function readHostPolicy({ root, policyTrust }: Options, output: Output): Promise<Policy> {
  const path = await chaseInRoot(root, policyPath);
  if (path === null)
    throw new UsageError(
      `there is no ${policyPath} below ${root}: write one first (touchstone policy init helps), since without one nothing is merged`,
    );
  const certificates: string[] = [];
  for (const certificate of policyTrust)
    certificates.push((await chaseInRoot(root, certificate)) ?? certificate);
  return readPolicy(path, { policyTrust: certificates, root }, output);
}

function endpointOf(options: Options) {
  const { listen, tlsCertificate, tlsKey, clientCa } = options;
  const given = [tlsCertificate, tlsKey, clientCa];
  const tls =
    tlsCertificate === undefined || tlsKey === undefined || clientCa === undefined
      ? null
      : { certificate: tlsCertificate, key: tlsKey, clientCa };
  if (tls === null && given.some((path) => path !== undefined))
    throw new UsageError('--tls-certificate FILE, --tls-key FILE and --client-ca FILE go together');
  if (tls !== null) checkUnitPaths('a TLS file', Object.values(tls));
  const address = parseListenAddress(listen, { tls: tls !== null });
  if (typeof address === 'string') throw new UsageError(`--listen: ${address}`);
  return { listen, tls, exposed: checkExposure(address.host, { tls: false }) !== null };
}

function checkUnitPaths(what: string, paths: readonly string[]): void {
  for (const path of paths) {
    const why = whyNoUnitPath(path);
    if (why !== null) throw new UsageError(`${what}: ${path} cannot be used by a unit: ${why}`);
  }
}

function nextSteps({ root, endpoint }: Options, live: boolean): string[] {
  if (!live) return [`the host below ${root} begins with it at its next boot`];
  return [
    'a boot begins with it; systemctl reload-or-restart systemd-confext.service systemd-sysext.service does at once',
    ...(endpoint ? ['systemctl restart touchstone.service starts the endpoint, as a boot does'] : []),
  ];
}
