import { readFile, readlink } from 'node:fs/promises';
import { resolve } from 'node:path';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ExtendedAttribute } from '../../verifier/image/tree-entry.ts';
import { inOrderOf, parseGetfattr } from './getfattr-output.ts';
import { run } from './run.ts';
import { systemFailure } from './system-failure.ts';

const timeoutMs = 60_000;
/** One attribute has 64 KiB at most, and two digits a byte. */
const maxOutputBytes = 32 * 1024 * 1024;

/**
 * Reads one extended attribute of a file, by getfattr(1) since Node cannot. Symbolic links are followed.
 *
 * @param name with its namespace, for example `user.verity.roothash`.
 * @returns null if the file has none of that name, or its file system has none at all.
 * @throws CouldNotDecide if there is no such file, or no getfattr (Debian package `attr`).
 */
export async function readAttribute(path: string, name: string): Promise<Uint8Array | null> {
  // Asked for by name, a missing attribute is a failure like any other; a pattern that nothing fits is none.
  const pattern = `^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  const files = await getfattr(pattern, [resolve(path)]);
  const attributes = files.flatMap((file) => file.attributes);
  return attributes.find((one) => Buffer.from(one.name).equals(Buffer.from(name)))?.value ?? null;
}

/**
 * Reads all extended attributes of open files, in the order of their descriptors.
 *
 *     readlink("/proc/self") = PID
 *     getfattr --dump --match=- --encoding=hex --absolute-names -- /proc/PID/fd/N ...
 *
 * The tool is given our descriptors rather than names: they lead to the very inodes that were opened, whatever becomes of
 * their names, and no name of a hostile tree gets into the output. `getfattr -R` would have both weaknesses.
 *
 * @param descriptors of this process; may be opened with O_PATH.
 * @throws CouldNotDecide if any attribute cannot be read; none is left out.
 */
export async function readAttributes(
  descriptors: readonly number[],
): Promise<readonly (readonly ExtendedAttribute[])[]> {
  if (descriptors.length === 0) return [];
  const self = await readlink('/proc/self').catch((error: unknown) => {
    throw systemFailure('read /proc/self', error);
  });
  const paths = descriptors.map((descriptor) => `/proc/${self}/fd/${descriptor}`);
  return inOrderOf(paths, await getfattr('-', paths));
}

async function getfattr(pattern: string, paths: readonly string[]) {
  const options = ['--dump', `--match=${pattern}`, '--encoding=hex', '--absolute-names', '--'];
  const { stdout, stderr } = await run('getfattr', [...options, ...paths], { timeoutMs, maxOutputBytes });
  // It has nothing to say when all is well; what it could not read, it says here.
  if (stderr !== '') throw new CouldNotDecide(`getfattr: ${stderr.trim().replaceAll(/\p{C}/gu, '?')}`);
  return parseGetfattr(stdout);
}

/** CAP_SYS_ADMIN of linux/capability.h. */
const capSysAdmin = 21n;

/**
 * Whether this process sees attributes in the namespace `trusted.`, where overlayfs keeps its own: to others than root of
 * the host they do not exist (xattr(7)), and a tree has another digest for them.
 */
export async function seesTrustedAttributes(): Promise<boolean> {
  try {
    const status = await readFile('/proc/self/status', 'latin1');
    return isHostAdministrator(status, await readFile('/proc/self/uid_map', 'latin1'));
  } catch (error) {
    throw systemFailure('read /proc/self', error);
  }
}

/** The same of the texts of /proc/self/status and /proc/self/uid_map (proc(5), user_namespaces(7)). */
export function isHostAdministrator(status: string, userNamespace: string): boolean {
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  // The initial namespace, the only one that counts here, is the one that maps all numbers to themselves.
  const isInitial = /^\s*0\s+0\s+4294967295\s*$/.test(userNamespace);
  return isInitial && ((BigInt(`0x${effective}`) >> capSysAdmin) & 1n) === 1n;
}
