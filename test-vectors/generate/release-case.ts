import type { ReleaseCase, TreeEntry } from './release-group.ts';

type Inputs = ReleaseCase['inputs'];
type Expected = ReleaseCase['expect'];

/** A case before any tool has judged it. */
export type UnjudgedCase = Omit<ReleaseCase, 'judged'>;

/** What is different from the usual case: a sysext `app` with a release file that fits a Debian 13 host on x86-64. */
export interface Changes {
  readonly class?: Inputs['class'];
  readonly name?: string;
  readonly designator?: Inputs['designator'];
  /** Text, or bytes, of the release file named for the image. */
  readonly file?: string | Buffer;
  /** The whole tree instead. */
  readonly tree?: readonly TreeEntry[];
  readonly osRelease?: string;
  readonly architecture?: string;
  readonly scope?: Inputs['host']['scope'];
  readonly why?: string;
}

export const fitting = 'ID=debian\nVERSION_ID=13\n';
export const directories = {
  sysext: 'usr/lib/extension-release.d',
  confext: 'etc/extension-release.d',
} as const;

/** A file of the tree. */
export function file(
  path: string,
  content: string | Buffer = fitting,
  strict: string | null = null,
): TreeEntry {
  return typeof content === 'string'
    ? { path, type: 'text', text: content, strict }
    : { path, type: 'bytes', base64: content.toString('base64'), strict };
}

/** A release file of a sysext. */
export function releaseFile(
  name: string,
  content?: string | Buffer,
  strict: string | null = null,
): TreeEntry {
  return file(`${directories.sysext}/extension-release.${name}`, content, strict);
}

export function link(path: string, target: string): TreeEntry {
  return { path, type: 'link', target };
}

function inputs(changes: Changes): Inputs {
  const {
    class: releaseClass = 'sysext',
    name = 'app',
    designator = 'root',
    architecture = 'x86-64',
  } = changes;
  const own = `${directories[releaseClass]}/extension-release.${name}`;
  return {
    ...{ class: releaseClass, name, designator },
    tree: [...(changes.tree ?? [file(own, changes.file)])],
    host: { osRelease: changes.osRelease ?? fitting, architecture, scope: changes.scope ?? 'system' },
  };
}

/** A case that is accepted; `found` where the release file is not the one named for the image. */
export function accepted(
  id: string,
  comment: string,
  flag: string,
  changes: Changes = {},
  found: { readonly path?: string; readonly strict?: boolean; readonly version?: string } = {},
): UnjudgedCase {
  const given = inputs(changes);
  const { path = `${directories[given.class]}/extension-release.${given.name}`, strict = true } = found;
  const expect: Expected = {
    ...{ verdict: 'accepted', code: null, stage: null, path, strict, version: found.version ?? '' },
  };
  return { id, comment, flags: [flag], inputs: given, expect, why: changes.why ?? null };
}

/** A case that is refused; `how` is the stage and the code, `match incompatible` for example. */
export function refused(
  id: string,
  comment: string,
  flag: string,
  how: `${'host' | 'find' | 'match' | 'version'} ${string}`,
  changes: Changes = {},
): UnjudgedCase {
  const [stage = '', code = ''] = how.split(' ');
  const expect = { verdict: 'refused' as const, code, stage: stageOf(stage) };
  return { id, comment, flags: [flag], inputs: inputs(changes), expect, why: changes.why ?? null };
}

function stageOf(text: string): Extract<Expected, { verdict: 'refused' }>['stage'] {
  return text === 'host' || text === 'find' || text === 'version' ? text : 'match';
}
