import { z } from 'zod';

import { Malformed } from '../../../verifier/bytes/failures.ts';
import { parseHex } from '../../../verifier/bytes/hex.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { parseStrictJson } from '../../../verifier/bytes/strict-json.ts';
import type { MergedExtension, MutableMode } from './merged-state.ts';

/** What systemd wrote down of a merge. */
export interface MergeOrigin {
  readonly mutable: MutableMode;
  readonly extensions: ReadonlyMap<string, MergedExtension>;
  /** As it stands there. */
  readonly text: string;
}

const modes = ['no', 'auto', 'yes', 'import', 'ephemeral', 'ephemeral-import'] as const;

// Later versions may add members; what is read has its form.
const shape = z.object({
  mutable: z.object({ mode: z.enum(modes) }),
  extensions: z.record(
    z.string(),
    z.object({ path: z.string().max(4096).optional(), verityHash: z.string().max(256).optional() }),
  ),
});

export const maximumOriginBytes = 1024 * 1024;
const maximumExtensions = 10_000;

/**
 * Parses the file `origin` that systemd 260 and newer puts into the top layer of what it merges (write_origin_file() in its
 * src/sysext/sysext.c). What has no `verityHash` is an image without dm-verity or a directory; of those it has `inode` or
 * `fileHandle`, `crtime` and `mtime`, which say no more than a look at the file does.
 *
 * @throws Malformed
 */
export function parseOrigin(bytes: Uint8Array): MergeOrigin {
  const limits = { maximumLength: maximumOriginBytes, maximumDepth: 8 };
  const { mutable, extensions } = parseShape(shape, parseStrictJson(bytes, 'origin', limits), 'origin');
  const entries = Object.entries(extensions);
  if (entries.length > maximumExtensions)
    throw new Malformed('origin', `has more than ${maximumExtensions} extensions`);
  return {
    mutable: mutable.mode,
    extensions: new Map(
      entries.map(([name, { path = null, verityHash }]) => {
        const rootHash = verityHash === undefined ? null : parseHex(verityHash, `origin ${name} verityHash`);
        return [name, { name, path, rootHash }];
      }),
    ),
    text: Buffer.from(bytes).toString('utf8'),
  };
}
