import { z } from 'zod';

import { parseBase64, toBase64 } from '../bytes/base64.ts';
import { Malformed } from '../bytes/failures.ts';
import { fromHex, parseHex, toHex } from '../bytes/hex.ts';
import type { PathStep } from './nonce-tree.ts';

/** The way from the nonce of one challenge to the root that the quote covers. */
export interface Binding {
  readonly nonce: Uint8Array;
  readonly path: readonly PathStep[];
  readonly root: Uint8Array;
}

/** Nonces outside these bounds are refused at both ends: shorter ones may repeat, longer ones only cost. */
export const nonceBytes = { minimum: 16, maximum: 64 } as const;

export const bindingShape = z.strictObject({
  nonce: z.string(),
  // 32 steps are a batch of four thousand million challenges.
  path: z.array(z.strictObject({ side: z.enum(['left', 'right']), hash: z.string() })).max(32),
  root: z.string(),
});

/** The binding as it travels. */
export type BindingDocument = z.infer<typeof bindingShape>;

/** @throws Malformed naming the field. */
export function parseBinding({ nonce, path, root }: BindingDocument): Binding {
  const bytes = parseBase64(nonce, 'evidence.binding.nonce', nonceBytes.maximum);
  if (bytes.length < nonceBytes.minimum) throw new Malformed('evidence.binding.nonce', 'is too short');
  return {
    nonce: bytes,
    path: path.map(({ side, hash }) => ({
      side,
      hash: fromHex(parseHex(hash, 'evidence.binding.path', 32)),
    })),
    root: fromHex(parseHex(root, 'evidence.binding.root', 32)),
  };
}

/** The part of the document in which answers by the same quote always differ. */
export function toBindingDocument({ nonce, path, root }: Binding): BindingDocument {
  return {
    nonce: toBase64(nonce),
    path: path.map(({ side, hash }) => ({ side, hash: toHex(hash) })),
    root: toHex(root),
  };
}
