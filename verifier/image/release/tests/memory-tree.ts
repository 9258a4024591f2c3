import { Unsupported } from '../../../bytes/failures.ts';
import type { Directory, FileSystem, FileSystemNode } from '../../filesystems/file-system.ts';

/** An entry of a tree in memory; the directories above it come by themselves. */
export type MemoryEntry = { readonly path: string } & (
  | { readonly type: 'file'; readonly bytes: Uint8Array; readonly strict?: string | null }
  | { readonly type: 'link'; readonly target: string }
  | { readonly type: 'directory' | 'fifo' }
);

/** A file system of these entries, with user.extension-release.strict as the only attribute that any has. */
export function memoryTree(entries: readonly MemoryEntry[]): FileSystem {
  return {
    type: 'erofs',
    root: directory(entries.map((entry) => ({ ...entry, parts: entry.path.split('/') }))),
  };
}

type Placed = MemoryEntry & { readonly parts: readonly string[] };

const withoutAttributes = { xattr: () => Promise.resolve(null) };

function directory(entries: readonly Placed[]): Directory {
  const children = new Map<string, Placed[]>();
  for (const entry of entries) {
    const [name, ...parts] = entry.parts;
    if (name === undefined) continue;
    children.set(name, [...(children.get(name) ?? []), { ...entry, parts }]);
  }
  return {
    kind: 'directory',
    ...withoutAttributes,
    lookup: (name) => Promise.resolve(node(children.get(name) ?? [])),
    names: (maximum) =>
      children.size > maximum
        ? Promise.reject(new Unsupported('directory', `has more than ${maximum} entries`))
        : Promise.resolve([...children.keys()]),
  };
}

function node(entries: readonly Placed[]): FileSystemNode | null {
  if (entries.length === 0) return null;
  const own = entries.find(({ parts }) => parts.length === 0);
  if (own?.type === 'link')
    return { kind: 'link', ...withoutAttributes, target: () => Promise.resolve(own.target) };
  if (own?.type === 'fifo') return { kind: 'special', ...withoutAttributes };
  return own?.type === 'file' ? file(own.bytes, own.strict ?? null) : directory(entries);
}

function file(bytes: Uint8Array, strict: string | null): FileSystemNode {
  return {
    kind: 'file',
    size: bytes.length,
    xattr: (name) =>
      Promise.resolve(
        strict !== null && name === 'user.extension-release.strict' ? Buffer.from(strict) : null,
      ),
    read: (maximum) =>
      bytes.length > maximum
        ? Promise.reject(new Unsupported('file', `has more than ${maximum} bytes`))
        : Promise.resolve(bytes),
  };
}
