import { Malformed } from '../../../verifier/bytes/failures.ts';

/** One mount of a mount namespace. */
export interface Mount {
  readonly id: string;
  /** The mount that it is mounted on. */
  readonly parent: string;
  /** `major:minor` of its file system; st_dev of what is in it. */
  readonly device: string;
  /** What of its file system is mounted; `/` for all of it. */
  readonly root: string;
  readonly mountPoint: string;
  /** What is mounted below it in other namespaces is mounted here too: it is of a peer group, or follows one. */
  readonly isShared: boolean;
  readonly type: string;
  readonly source: string;
  /** Options of the file system, those of overlayfs among them: separated by commas, each escaped for `unescapeMount`. */
  readonly options: string;
}

const maximumLines = 100_000;

/**
 * Parses /proc/self/mountinfo (proc_pid_mountinfo(5)).
 *
 * @throws Malformed
 */
export function parseMountInfo(text: string): Mount[] {
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.length > maximumLines) throw new Malformed('mountinfo', `has more than ${maximumLines} lines`);
  return lines.map(parseLine);
}

function parseLine(line: string): Mount {
  const [before = '', after, ...others] = line.split(' - ');
  const [id = '', parent = '', device = '', root, mountPoint, , ...tags] = before.split(' ');
  const [type, source, options] = after?.split(' ') ?? [];
  const numbers = /^\d+$/.test(id) && /^\d+$/.test(parent) && /^\d+:\d+$/.test(device);
  if (others.length > 0 || !numbers || mountPoint === undefined || options === undefined)
    throw new Malformed('mountinfo', `has a line that is none: ${line.slice(0, 80)}`);
  return {
    ...{ id, parent, device, type: type ?? '', options },
    root: unescapeMount(root ?? ''),
    mountPoint: unescapeMount(mountPoint),
    source: unescapeMount(source ?? ''),
    isShared: tags.some((tag) => /^(?:shared|master):/.test(tag)),
  };
}

/** The mounts on one place, the lowest first: of two, one is the other's parent, and hides it. */
export function mountsOn(mounts: readonly Mount[], mountPoint: string): Mount[] {
  const here = mounts.filter((mount) => mount.mountPoint === mountPoint);
  // The first mount of a namespace can be its own parent.
  const stack = here.filter((one) => one.id === one.parent || !here.some(({ id }) => id === one.parent));
  for (let at = 0; at < stack.length; at++)
    stack.push(...here.filter(({ parent, id }) => parent === stack[at]?.id && id !== parent));
  return stack;
}

/** Undoes mangle() of fs/proc_namespace.c and seq_show_option(): what would end a word is three octal digits. */
export function unescapeMount(text: string): string {
  return text.replaceAll(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
}
