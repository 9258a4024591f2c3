import { z } from 'zod';

import { chaseInRoot } from '../os/chase.ts';
import { entryExists } from '../os/directory.ts';
import { readIfPresent } from '../os/durable-file.ts';

const maximumBytes = 4 * 1024 * 1024;

export const tpmWords = ['auto', 'yes', 'no'] as const;

export const tpmShape = z.enum(tpmWords).default('auto');

/**
 * Whether units wait for a TPM. On its own it is only told of this system: in a directory nothing says what the machine will
 * have, and systemd 256 and newer finds out at boot.
 */
export async function waitsForTpm(root: string, word: (typeof tpmWords)[number]): Promise<boolean> {
  if (word !== 'auto') return word === 'yes';
  return (await chaseInRoot(root, '/')) === '/' && (await entryExists('/dev/tpmrm0'));
}

/** Whether the host has the group that Debian's and others' udev rules give the TPM's device to. */
export async function hasTpmGroup(root: string): Promise<boolean> {
  const bytes = await readIfPresent(root, '/etc/group', maximumBytes);
  return bytes !== null && /^tss:/m.test(Buffer.from(bytes).toString('latin1'));
}
