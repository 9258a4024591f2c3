import type { z } from 'zod';

import { Malformed } from './failures.ts';

/**
 * The value as the schema's type.
 *
 * @throws Malformed naming the first path that does not fit, for example `evidence.claims.sets.0.class`.
 */
export function parseShape<T>(schema: z.ZodType<T>, value: unknown, field: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Malformed([field, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'does not fit its schema');
}
