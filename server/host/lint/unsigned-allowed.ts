import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { Malformed } from '../../../verifier/bytes/failures.ts';
import { parseImagePolicy, unsignedUses } from './image-policy.ts';
import { readConfiguredPolicy, readMergeCommands, type Setting } from './image-policy-settings.ts';
import { readSystemdVersion } from './systemd-version.ts';
import type { Warning } from './warning.ts';

/** The first systemd that has image policies, and the first that reads sysext.conf and confext.conf. */
const firstWithPolicies = 254;
const firstWithConfiguration = 259;

const strict = 'root=signed+absent:usr=signed+absent';

/**
 * Warns if the image policy by which systemd merges extensions on this host lets it merge images without a valid
 * signature. Directories are merged whatever the policy says.
 *
 * @throws CouldNotDecide if the configuration cannot be read.
 */
export async function lintImagePolicy(root: string, extensionClass: ExtensionClass): Promise<Warning[]> {
  const configured = await readConfiguredPolicy(root, extensionClass);
  const commands = await readMergeCommands(root, extensionClass);
  const version = await readSystemdVersion(root);
  const isRead = version === null || version >= firstWithConfiguration;
  const warnings: Warning[] = [];
  if (configured !== null && !isRead) {
    const message = `systemd ${version} does not read this file; give --image-policy= to systemd-${extensionClass} in a drop-in of systemd-${extensionClass}.service.`;
    warnings.push({ code: 'ignored-policy', message, path: configured.path });
  }
  const fallback = isRead ? configured : null;
  const inEffect = (commands ?? []).flatMap(({ policy }) => policy ?? []);
  // Also used by those who call the command themselves.
  const settings = fallback === null ? inEffect : [fallback, ...inEffect];
  for (const setting of unique(settings)) warnings.push(...judge(setting));
  const without = commands?.find(({ policy }) => policy === null);
  if (without !== undefined && fallback === null)
    warnings.push({
      code: 'unsigned-allowed',
      message: describeNone(extensionClass, version),
      path: without.path,
    });
  return warnings;
}

function unique(settings: readonly Setting[]): Setting[] {
  const seen = new Map(settings.map((setting) => [`${setting.path}\0${setting.value}`, setting]));
  return [...seen.values()];
}

function judge({ value, path }: Setting): Warning[] {
  try {
    const uses = unsignedUses(parseImagePolicy(value));
    if (uses.length === 0) return [];
    const message = `The image policy "${value}" admits images without a valid signature, since flags are alternatives: ${uses.join(', ')}. Only ${strict} enforces signatures.`;
    return [{ code: 'unsigned-allowed', message, path }];
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return [
      {
        code: 'ignored-policy',
        message: `"${value}" is not used as an image policy: ${error.message}.`,
        path,
      },
    ];
  }
}

function describeNone(extensionClass: ExtensionClass, version: number | null): string {
  if (version !== null && version < firstWithPolicies)
    return `systemd ${version} has no image policies (${firstWithPolicies} and newer have): it merges images without a valid signature.`;
  const section = extensionClass === 'sysext' ? 'SysExt' : 'ConfExt';
  const file = `ImagePolicy=${strict} in section [${section}] of /etc/systemd/${extensionClass}.conf.d/`;
  const command = `--image-policy=${strict} in a drop-in of systemd-${extensionClass}.service`;
  const how =
    version === null
      ? `${file} (systemd ${firstWithConfiguration} and newer), or ${command}`
      : version >= firstWithConfiguration
        ? file
        : command;
  return `No image policy is set, and systemd's own admits images without a signature; set ${how}.`;
}
