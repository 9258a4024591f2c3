import type { FileSystemNode } from '../filesystems/file-system.ts';

const attribute = 'user.extension-release.strict';
const falseWords: readonly string[] = ['0', 'no', 'n', 'false', 'f', 'off'];

/**
 * Whether a release file lets images of any name use it: its attribute says no to being strict, in one of the words of
 * parse_boolean() in systemd's src/basic/parse-util.c, in capitals or not. An attribute that is absent, empty or
 * something else is strict.
 */
export async function waivesName(node: FileSystemNode): Promise<boolean> {
  const value = await node.xattr(attribute);
  if (value === null) return false;
  // The C string that systemd reads: one NUL may end it, and tools that set attributes write it.
  const text = Buffer.from(value.at(-1) === 0 ? value.subarray(0, -1) : value).toString('latin1');
  return falseWords.includes(text.toLowerCase());
}
