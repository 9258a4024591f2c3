import { lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { ExtensionClass } from '../../../../verifier/image-verdict.ts';
import { deviceNumber } from '../../../os/file-identity.ts';
import type { MergedState } from '../merged-state.ts';
import { readMerged } from '../read-merged.ts';
import { readMounts } from '../read-mounts.ts';

/** A host in a directory, on which something is merged as far as marks and a table of mounts can say it. */
export interface MergedHost {
  readonly root: string;
  /** `major:minor` of all that is below the root. */
  readonly device: string;
  readonly write: (path: string, text: string | Uint8Array) => void;
  /** Marks a hierarchy as systemd does. */
  readonly mark: (hierarchy: string, names: readonly string[], origin?: string) => void;
  /** With `%ROOT` and `%DEV` for what they are here. */
  readonly read: (mountInfo: string, extensionClass?: ExtensionClass) => Promise<MergedState>;
}

/** Gives `use` such a host; it is gone afterwards. */
export async function onHost(use: (host: MergedHost) => Promise<void>): Promise<void> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'touchstone-merged-')));
  const root = join(base, 'root');
  const device = deviceNumber(lstatSync(base, { bigint: true }).dev);
  const write = (path: string, text: string | Uint8Array): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  try {
    for (const directory of ['usr', 'opt', 'etc']) mkdirSync(join(root, directory), { recursive: true });
    await use({
      ...{ root, device, write },
      mark: (hierarchy, names, origin) => {
        const isConfext = hierarchy === '/etc';
        const place = `${hierarchy}/.systemd-${isConfext ? 'confext' : 'sysext'}`;
        write(`${place}/dev`, `${device}\n`);
        write(`${place}/${isConfext ? 'confexts' : 'extensions'}`, names.join('\n'));
        if (origin !== undefined) write(`${place}/origin`, origin);
      },
      read: (mountInfo, extensionClass = 'sysext') => {
        const place = join(base, 'mountinfo');
        writeFileSync(place, mountInfo.replaceAll('%ROOT', root).replaceAll('%DEV', device));
        return readMerged(root, extensionClass, () => readMounts(place));
      },
    });
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** Of an extension, as systemd mounts it. */
export const layer = (name: string, hierarchy = 'usr'): string =>
  `/run/systemd/sysext/extensions/${name}/${hierarchy}`;

/** A line of the table; names with the highest layer first, as overlayfs has them. */
export function overlay(names: readonly string[], more = '', hierarchy = 'usr'): string {
  const layers = [`/run/systemd/sysext/meta/${hierarchy}`, ...names.map((name) => layer(name, hierarchy))];
  const lower = [...layers, `%ROOT/${hierarchy}`].join(':');
  return `40 26 %DEV / %ROOT/${hierarchy} ro,nodev shared:34 - overlay sysext ro,lowerdir=${lower},redirect_dir=on${more}\n`;
}
