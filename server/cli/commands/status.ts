import { parseShape } from '../../../verifier/bytes/shape.ts';
import { readClassStatus, readLogStatus } from '../../host/merge/host-status.ts';
import { listQuarantine } from '../../host/quarantined.ts';
import { systemdVersion } from '../../host/systemd/capabilities.ts';
import { classesOf, gateShape, readGateInput } from '../gate-options.ts';
import { mergeAccess } from '../merge-access.ts';
import { type ExitCode, exitCodes, jsonText, type Output } from '../output.ts';
import { type HostStatus, statusText, toStatusDocument } from '../status-report.ts';

/** `touchstone status`: how a host stands; nothing is changed. Exit code 0 only if all that is merged is approved and measured. */
export async function showStatus(raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(gateShape, raw, 'options');
  const input = await readGateInput(options, output);
  const access = await mergeAccess(options.root);
  const log = await readLogStatus(input);
  const classes = [];
  for (const extensionClass of classesOf(options))
    classes.push(await readClassStatus({ ...input, class: extensionClass, access }, log));
  const status: HostStatus = {
    systemd: await systemdVersion(),
    policy: input.policy,
    log,
    classes,
    quarantine: await listQuarantine(options.root),
  };
  output.out(options.json ? jsonText(toStatusDocument(status)) : statusText(status));
  const good = log.agrees && log.violations === 0 && classes.every((one) => one.good);
  return good ? exitCodes.yes : exitCodes.no;
}
