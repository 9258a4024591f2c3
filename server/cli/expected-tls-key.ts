import { z } from 'zod';

import { type Hex, parseHex } from '../../verifier/bytes/hex.ts';

/** `--tls-key-sha256`: 64 hexadecimal digits, or `none` for a host that serves plain HTTP behind a proxy. */
export const tlsKeyShape = z
  .string()
  .regex(/^(?:[0-9a-f]{64}|none)$/, 'is neither 64 hexadecimal digits (lower case) nor "none"')
  .optional();

/** The key the evidence must have been made for; undefined if the option is not given. */
export function expectedTlsKey(option: z.infer<typeof tlsKeyShape>): Hex | null | undefined {
  if (option === undefined) return undefined;
  return option === 'none' ? null : parseHex(option, '--tls-key-sha256', 32);
}
