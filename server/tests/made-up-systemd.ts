import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { faultPoint } from '#fault-point';

import { parseHex } from '../../verifier/bytes/hex.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { readPolicy } from '../cli/decision-policy.ts';
import { readHostKnowledge } from '../host/host-knowledge.ts';
import { withHostLock } from '../host/merge/host-lock.ts';
import type { MergeAccess, MergeInput } from '../host/merge/merge-input.ts';
import type { MergeOutcome } from '../host/merge/merge-outcome.ts';
import { refreshClass } from '../host/merge/refresh.ts';
import { unmergeClass } from '../host/merge/unmerge.ts';
import { toFileIdentity } from '../os/file-identity.ts';
import type { ImageDevices } from '../host/merged/image-devices.ts';
import type { MergedState } from '../host/merged/merged-state.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import { type Known, knownFile, searchDirectories } from './killed-host.ts';

/*
 * Merging with a systemd that mounts nothing: what it has merged is a list in a file below /run. As with the real one, the
 * merge itself goes on to its end when whoever asked for it is killed.
 */

const mergedFile = 'run/made-up-systemd.json';

/** Names of the image files that are merged. */
export function mergedFiles(root: string): readonly string[] {
  const path = join(root, mergedFile);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
}

const swappedFile = 'swapped-in.json';

/** From now on an image is merged beside what is found, as if it came and went in between; null: none is. */
export function swapIn(root: string, name: string | null): void {
  writeFileSync(join(root, swappedFile), JSON.stringify(name === null ? [] : [name]));
}

function swapped(root: string): readonly string[] {
  const path = join(root, swappedFile);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
}

function knownImages(root: string): Known {
  return JSON.parse(readFileSync(join(root, knownFile), 'utf8'));
}

function stateOf(root: string, extensionClass: ExtensionClass): MergedState {
  const names = mergedFiles(root);
  const known = knownImages(root);
  const rest = { class: extensionClass, mutable: 'no', problems: [] } as const;
  if (names.length === 0)
    return { ...rest, hierarchies: [], extensions: [], since: null, knownBy: 'nothing-merged', mergeId: '' };
  const { mtime } = lstatSync(join(root, mergedFile));
  const extensions = names.map((name) => ({
    name: name.replace(/\.raw$/, ''),
    rootHash: parseHex(known[name]?.rootHash ?? '', name),
    path: `/${searchDirectories[extensionClass]}/${name}`,
  }));
  return {
    ...rest,
    hierarchies: [extensionClass === 'sysext' ? '/usr' : '/etc'],
    extensions,
    since: mtime,
    knownBy: 'origin',
    mergeId: String(mtime),
  };
}

function devicesOf(root: string, extensionClass: ExtensionClass): ImageDevices {
  const known = knownImages(root);
  const files = mergedFiles(root).map((name, index) => ({ name, loop: `loop${index}` }));
  const sequence = 1n;
  return {
    loops: files.map(({ name, loop }) => {
      const path = join(root, searchDirectories[extensionClass], name);
      if (!existsSync(path))
        return { name: loop, sequence, device: '0:0', inode: 0n, path: `${path} (deleted)` };
      const { device, inode } = toFileIdentity(lstatSync(path, { bigint: true }));
      return { name: loop, sequence, device, inode, path };
    }),
    verity: files.map(({ name, loop }) => ({
      name: `${loop}-verity`,
      rootHash: parseHex(known[name]?.rootHash ?? '', name),
      dataBytes: BigInt(known[name]?.bytes ?? 0),
      sequence,
      ...{ open: true, corrupted: false, lenient: false, dataLoop: loop, hashLoop: loop },
    })),
  };
}

function accessTo(root: string, extensionClass: ExtensionClass): MergeAccess {
  const merge = (names: readonly string[]): Promise<void> => {
    faultPoint('merge');
    if (names.length > 0) writeFileSync(join(root, mergedFile), JSON.stringify(names));
    else rmSync(join(root, mergedFile), { force: true });
    return Promise.resolve();
  };
  return {
    tool: () => ({
      refresh: () =>
        merge([...readdirSync(join(root, searchDirectories[extensionClass])), ...swapped(root)].sort()),
      unmerge: () => merge([]),
    }),
    readMerged: () => Promise.resolve(stateOf(root, extensionClass)),
    readDevices: () => Promise.resolve(devicesOf(root, extensionClass)),
  };
}

/** As the command line does it. @param words `refresh` or `unmerge`, then `--class CLASS --root DIRECTORY --tcti TCTI`. */
export async function mergeOnce(words: readonly string[]): Promise<MergeOutcome> {
  const [verb, , className, , root = '', , tcti] = words;
  const extensionClass = className === 'confext' ? 'confext' : 'sysext';
  const silent = { out: () => undefined, err: () => undefined };
  const input: MergeInput = {
    root,
    class: extensionClass,
    policy: await readPolicy(join(root, 'etc/touchstone/policy.yaml'), { policyTrust: [], root }, silent),
    device: openTpm({ tcti }),
    full: false,
    knowledge: await readHostKnowledge(root),
    now: new Date(),
    access: accessTo(root, extensionClass),
  };
  return withHostLock(root, () => (verb === 'unmerge' ? unmergeClass(input) : refreshClass(input)));
}

if (process.argv[1] === import.meta.filename) console.log((await mergeOnce(process.argv.slice(2))).outcome);
