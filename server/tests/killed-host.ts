import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { readHistory } from '../host/history-file.ts';
import { readMeasuredEvents } from '../host/measured-events.ts';
import { readLog } from '../host/systemd/read-log.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import type { Copy } from './killed-run.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** Where the images of a class are, below the root. */
export const searchDirectories = { sysext: 'var/lib/extensions', confext: 'var/lib/confexts' } as const;

function quarantineOf(extensionClass: ExtensionClass): string {
  return `var/lib/touchstone/quarantine/${extensionClass}`;
}

/** The root hash and the size of the data of each image, by its name: for a systemd that is made up. */
export type Known = Readonly<Record<string, { readonly rootHash: string; readonly bytes: number }>>;
export const knownFile = 'known-images.json';

/** A host with one image of a class that will be approved and one that will be refused, on which things are killed. */
export class KilledHost {
  readonly class: ExtensionClass;
  readonly machine: SampleMachine;
  /** Bytes of what the search directory has at first, by name. */
  readonly images: ReadonlyMap<string, Buffer>;

  private constructor(extensionClass: ExtensionClass, machine: SampleMachine) {
    this.class = extensionClass;
    this.machine = machine;
    this.images = new Map([
      ['vendor-tools.raw', machine.image('tools')],
      ['vendor-unsigned.raw', machine.image('unsigned', null)],
    ]);
  }

  static async start(extensionClass: ExtensionClass): Promise<KilledHost> {
    const host = new KilledHost(extensionClass, await SampleMachine.start());
    const { root } = host.machine;
    const known: Record<string, Known[string]> = {};
    for (const [name, bytes] of host.images) {
      const path = host.machine.put(join(searchDirectories[extensionClass], name), bytes);
      const { rootHash, data } = JSON.parse(await touchstone('inspect', path, '--json'));
      known[name] = { rootHash, bytes: data.length };
    }
    writeFileSync(join(root, knownFile), JSON.stringify(known));
    await touchstone('history', 'begin', '--root', root);
    return host;
  }

  /** Every image is whole, in exactly one place; where systemd looks there is nothing that was not there before. */
  checkImages(copy: Copy, point: string): void {
    const [searchDirectory, quarantine] = [searchDirectories[this.class], quarantineOf(this.class)];
    const present = list(copy, searchDirectory);
    const moved = list(copy, quarantine).filter((name) => name.endsWith('.raw'));
    const places = [...present, ...moved.map(originalName)];
    assert.deepEqual(places.sort(), [...this.images.keys()].sort(), point);
    assert.ok(present.includes('vendor-tools.raw'), point);
    for (const name of present)
      assert.deepEqual(readFileSync(join(copy.root, searchDirectory, name)), this.images.get(name), point);
    for (const name of moved) {
      const path = join(copy.root, quarantine, name);
      assert.deepEqual(readFileSync(path), this.images.get(originalName(name)), point);
      const reason = JSON.parse(readFileSync(`${path}.reason.json`, 'utf8'));
      assert.equal(reason.from, `/${searchDirectory}/${originalName(name)}`, point);
      assert.ok(reason.reasons.length > 0, point);
    }
  }

  /** Nothing that was refused is where systemd looks. */
  checkInSight(copy: Copy, point: string): void {
    assert.deepEqual(list(copy, searchDirectories[this.class]), ['vendor-tools.raw'], point);
  }
}

async function touchstone(...args: readonly string[]): Promise<string> {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  assert.ok(code <= 1, collected.err);
  return collected.out;
}

function originalName(quarantined: string): string {
  return quarantined.replace(/^[^-]*-/, '');
}

function list(copy: Copy, directory: string): string[] {
  const path = join(copy.root, directory);
  return existsSync(path) ? readdirSync(path).sort() : [];
}

/** The log leads to the PCR, or says of itself that it may not. @returns the events, or null where it does say so. */
export async function checkLog(copy: Copy, point: string): Promise<readonly string[] | null> {
  const { incomplete } = await readLog(copy.root);
  const events = await readMeasuredEvents(copy.root, openTpm({ tcti: copy.tpm.tcti }), 13);
  if (!incomplete)
    assert.notEqual(events, null, `${point}: the log is complete and does not lead to the PCR`);
  return events;
}

/** The history is whole. @returns the extensions that it has. */
export async function acceptedNames(copy: Copy, point: string): Promise<readonly string[]> {
  const history = await readHistory(copy.root);
  assert.ok(history !== null, point);
  return history.accepted.map(({ name }) => name);
}
