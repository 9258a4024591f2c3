import { z } from 'zod';

import { parseShape } from '../../../verifier/bytes/shape.ts';
import { stateDirectory } from '../../os/own-paths.ts';
import { makeChanges, planChanges } from '../../packaging/changes.ts';
import { endpointUnit } from '../../packaging/endpoint-unit.ts';
import { packagedPaths } from '../../packaging/packaged-files.ts';
import { isLive, reloadUnits, stopUnit } from '../../packaging/tell-systemd.ts';
import { type ExitCode, exitCodes, type Output } from '../output.ts';
import { packagingJson, packagingText } from '../packaging-report.ts';

const shape = z.object({
  root: z.string(),
  dryRun: z.boolean().default(false),
  json: z.boolean().default(false),
});

/**
 * `touchstone uninstall`: removes what install wrote and nobody changed. What the host remembers, its images and its policy stay,
 * and so does what is merged. Exit code 1 if a file was left.
 */
export async function uninstall(raw: object, output: Output): Promise<ExitCode> {
  const { root, dryRun, json } = parseShape(shape, raw, 'options');
  const changes = await planChanges(root, [], packagedPaths(), false);
  const removed = changes.filter(({ kind }) => kind === 'remove');
  const told: string[] = [];
  if (!dryRun && removed.length > 0) {
    const live = await isLive(root);
    if (live && removed.some(({ path }) => path.endsWith(`/${endpointUnit}`))) {
      await stopUnit(endpointUnit);
      told.push(`systemctl stop ${endpointUnit}`);
    }
    await makeChanges(root, changes);
    if (live) {
      await reloadUnits();
      told.push('systemctl daemon-reload');
    }
  }
  const next =
    removed.length === 0
      ? []
      : [
          `what is merged stays merged, and systemd now merges without asking; ${stateDirectory} and /etc/touchstone are still there`,
        ];
  const report = { root, changes, warnings: [], told, next, dryRun };
  output.out(json ? packagingJson(report) : packagingText(report));
  return changes.some(({ kind }) => kind === 'left') ? exitCodes.no : exitCodes.yes;
}
