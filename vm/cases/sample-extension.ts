import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { makeDdi, type MadeImage } from '../../test-vectors/generate/make-image.ts';
import type { Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';

export type ExtensionClass = 'sysext' | 'confext';

/** A megabyte or so: a device that appears is probed at its beginning and its end, not in between. */
const longLines = 40_000;

/**
 * What an extension named so consists of: release data for any host, and for a sysext a program `/usr/bin/NAME` that prints
 * its name (and its version from the second on), for a confext a file `/etc/NAME.conf`. Both have a long file besides, so
 * that the image has blocks that a mount does not read.
 */
export function extensionFiles(
  extensionClass: ExtensionClass,
  name: string,
  version = '1',
): Record<string, string> {
  const called = version === '1' ? name : `${name} ${version}`;
  const [top, prefix] = extensionClass === 'sysext' ? ['usr/lib', 'SYSEXT'] : ['etc', 'CONFEXT'];
  const content =
    extensionClass === 'sysext' ? { [`usr/bin/${name}`]: `#!/bin/sh\necho ${called} runs\n` } : {};
  const long = `${extensionClass === 'sysext' ? 'usr/share' : 'etc'}/${name}.long`;
  return {
    [`${top}/extension-release.d/extension-release.${name}`]: `ID=_any\n${prefix}_VERSION_ID=${version}\n`,
    ...(extensionClass === 'confext' ? { [`etc/${name}.conf`]: `${called} configures\n` } : {}),
    ...content,
    [long]: `${name} has much to say\n`.repeat(longLines),
  };
}

/** An erofs image of files; those below usr/bin can be executed. */
export function erofsOf(files: Readonly<Record<string, string>>): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-erofs-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, 'tree', name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      writeFileSync(path, content, { mode: name.startsWith('usr/bin/') ? 0o755 : 0o644 });
    }
    const image = join(directory, 'image');
    execFileSync('mkfs.erofs', ['-T0', '--all-root', image, join(directory, 'tree')], { stdio: 'ignore' });
    return readFileSync(image);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A DDI of such an extension, signed by somebody or by nobody. */
export function extensionImage(
  extensionClass: ExtensionClass,
  name: string,
  signer: { readonly pki: OpensslPki; readonly by: Issued } | null,
  version = '1',
): MadeImage {
  const data = erofsOf(extensionFiles(extensionClass, name, version));
  if (signer === null) return makeDdi({ data });
  return makeDdi({ data, sign: (rootHash) => signer.pki.sign(rootHash, { signers: [signer.by] }) });
}

/** A copy in which one bit is different, so many bytes into it. */
export function flipBit(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

/** A copy with one bit changed in the middle of the long file of such an extension. */
export function flipContent({ bytes }: MadeImage, name: string): Buffer {
  const line = `${name} has much to say\n`;
  const start = bytes.indexOf(Buffer.from(line.repeat(200)));
  return flipBit(bytes, start + (line.length * longLines) / 2);
}
