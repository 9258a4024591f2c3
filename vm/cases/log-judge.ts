import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import type { Booted } from '../boot.ts';
import { readMeasured } from './measured.ts';
import { note } from './seen.ts';

/**
 * Checks that a guest's log leads to what its TPM has, that systemd's own records are among ours, and that systemd's own
 * reader takes them all.
 *
 * @returns what Touchstone measured, in order, without what each record begins with.
 */
export async function checkLog(t: TestContext, booted: Booted, when: string): Promise<string[]> {
  const { records, replayed, read } = await readMeasured(booted, [11, 13, 15]);
  assert.deepEqual(replayed, read);
  const ours = records.filter(({ text }) => text?.startsWith('touchstone-') === true);
  const theirs = records.filter((record) => !ours.includes(record));
  const events = ours.map(({ text }) => (text ?? '').slice('touchstone-'.length));
  note(t, `${when}: PCR 13 is what the log leads to`, events.map((text) => text.split(':')[0]).join(', '));
  note(
    t,
    `${when}: systemd's own in the same log`,
    theirs.map(({ register, text }) => `PCR ${register.index} ${text ?? ''}`).join(', '),
  );
  assert.ok(ours.every(({ register }) => register.kind === 'pcr' && register.index === 13));
  assert.ok(theirs.some(({ text }) => text === 'sysinit'));

  // A tick where a record has the digest of what it says, and the PCR the value that the log leads to.
  const pcrlock = await booted.run('/usr/lib/systemd/systemd-pcrlock log 2>/dev/null | grep touchstone-');
  const lines = pcrlock.stdout.trim().split('\n');
  note(t, `${when}: systemd-pcrlock reads`, `${lines.length} records of ours: ${lines[0] ?? ''}`);
  assert.deepEqual(
    lines.map((line) => /^ *13 .* ✓ /.test(line)),
    ours.map(() => true),
    pcrlock.stdout,
  );
  return events;
}
