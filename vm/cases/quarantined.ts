import { z } from 'zod';

import type { Booted } from '../boot.ts';

const listShape = z.array(
  z.looseObject({ from: z.string(), reasons: z.array(z.looseObject({ code: z.string() })) }),
);

/** The reason codes of what lies in quarantine, by the path where it was. */
export async function quarantined({ run }: Booted): Promise<Record<string, string>> {
  const { stdout, stderr } = await run('touchstone quarantine list --json', 120);
  const images = listShape.parse(stdout === '' ? stderr : JSON.parse(stdout));
  return Object.fromEntries(
    images.map(({ from, reasons }) => [from, reasons.map(({ code }) => code).join(' ')]),
  );
}
