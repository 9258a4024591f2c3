import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { readBounded } from '../../os/durable-file.ts';
import { systemdDirectories } from '../../os/host-paths.ts';
import { splitCommands, switchValue } from './command-line.ts';
import { type Assignment, parseIni } from './ini-file.ts';
import { type LayeredFile, listLayered } from './layered-files.ts';

/** A setting, and the file that makes it. */
export interface Setting {
  readonly value: string;
  /** Below the root. */
  readonly path: string;
}

/** A command by which a unit merges images. */
export interface MergeCommand {
  /** What it says of the image policy; null if nothing. */
  readonly policy: Setting | null;
  /** The file that has the command, below the root. */
  readonly path: string;
}

const maximumBytes = 256 * 1024;

const configurationSections: Readonly<Record<ExtensionClass, string>> = {
  sysext: 'SysExt',
  confext: 'ConfExt',
};

/**
 * `ImagePolicy=` of sysext.conf or confext.conf with its drop-ins (sysext.conf(5); read by systemd 259 and newer): the main
 * file from the first directory that has one, then drop-ins by name, of one name the one in the first directory.
 *
 * @throws CouldNotDecide if a file cannot be read.
 */
export async function readConfiguredPolicy(
  root: string,
  extensionClass: ExtensionClass,
): Promise<Setting | null> {
  const name = `${extensionClass}.conf`;
  const [main] = (await listLayered(root, systemdDirectories, (found) => found === name)).filter(isFirst);
  const dropIns = await listDropIns(
    root,
    systemdDirectories.map((directory) => `${directory}/${name}.d`),
  );
  let setting: Setting | null = null;
  for (const file of [...(main === undefined ? [] : [main]), ...dropIns])
    for (const { section, key, value } of await readAssignments(file))
      if (section === configurationSections[extensionClass] && key === 'ImagePolicy')
        setting = value === '' ? null : { value, path: file.path };
  return setting;
}

/**
 * The commands by which systemd-sysext.service or systemd-confext.service merges images, with the drop-ins of the unit
 * (systemd.unit(5)).
 *
 * @returns null if there is no such unit, or it is masked.
 * @throws CouldNotDecide if a file cannot be read.
 */
export async function readMergeCommands(
  root: string,
  extensionClass: ExtensionClass,
): Promise<MergeCommand[] | null> {
  const unit = `systemd-${extensionClass}.service`;
  const places = systemdDirectories.map((directory) => `${directory}/system`);
  const [fragment] = (await listLayered(root, places, (found) => found === unit)).filter(isFirst);
  if (fragment?.kind !== 'file') return null;
  // Drop-ins for this unit hide those of one name for all that begin alike, and those for all services.
  const names = [unit, 'systemd-.service', 'service'];
  const dropIns = await listDropIns(
    root,
    names.flatMap((name) => places.map((place) => `${place}/${name}.d`)),
  );
  const lines: Record<'ExecStart' | 'ExecReload', MergeCommand[]> = { ExecStart: [], ExecReload: [] };
  for (const file of [fragment, ...dropIns])
    for (const { section, key, value } of await readAssignments(file)) {
      if (section !== 'Service' || (key !== 'ExecStart' && key !== 'ExecReload')) continue;
      if (value === '') lines[key] = [];
      lines[key].push(...mergeCommands(value, file.path));
    }
  return [...lines.ExecStart, ...lines.ExecReload];
}

function mergeCommands(line: string, path: string): MergeCommand[] {
  return splitCommands(line).flatMap((words) => {
    const merges = words.some((word) => word === 'merge' || word === 'refresh');
    if (!/^[-@:+!|]*(?:.*\/)?systemd-(?:sysext|confext)$/.test(words[0] ?? '') || !merges) return [];
    const value = switchValue(words, '--image-policy');
    return [{ policy: value === null ? null : { value, path }, path }];
  });
}

async function listDropIns(root: string, directories: readonly string[]): Promise<LayeredFile[]> {
  const isDropIn = (name: string): boolean => name.endsWith('.conf') && !name.startsWith('.');
  return (await listLayered(root, directories, isDropIn))
    .filter(isFirst)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isFirst({ kind, hiddenBy }: LayeredFile): boolean {
  return kind !== 'nothing' && hiddenBy === null;
}

async function readAssignments({ kind, target }: LayeredFile): Promise<Assignment[]> {
  if (kind !== 'file' || target === null) return [];
  return parseIni(Buffer.from(await readBounded(target, maximumBytes, { noFollow: true })).toString('utf8'));
}
