import { dirname, join } from 'node:path';

import { z } from 'zod';

import { CouldNotDecide, Malformed } from '../../../verifier/bytes/failures.ts';
import { type Hex, parseHex } from '../../../verifier/bytes/hex.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { parseStrictJson } from '../../../verifier/bytes/strict-json.ts';
import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { makePrivateDirectory, readIfPresent, writeDurable } from '../../os/durable-file.ts';
import { signatureDirectory } from '../../os/own-paths.ts';
import type { MergedState, MergeExpectation } from '../merged/merged-state.ts';
import type { MergeWindow } from '../merged/observe.ts';

/** A set that was approved since boot, and what may be merged because of it. */
export interface MergeRecord {
  /** As in the log's `touchstone-set`. */
  readonly sha256: Hex;
  readonly expected: readonly MergeExpectation[];
  /** The merge that was found to be of it; null if none was yet. */
  readonly merge: { readonly mergeId: string; readonly window: MergeWindow | null } | null;
}

/** Of gates that were killed, or that nobody merged after: more of them are not remembered. */
const maximumRecords = 4;

// Below /run, with the lock: a merge does not outlive the boot.
const directory = dirname(signatureDirectory);
const fileOf = (extensionClass: ExtensionClass): string => `merge-${extensionClass}.json`;
const limits = { maximumLength: 32 * 1024 * 1024, maximumDepth: 8 };

/**
 * What was approved of a class since what is merged was confirmed, that first or last; the newest first. A file that is damaged
 * is as good as none: then less of what is merged is explained.
 *
 * @throws CouldNotDecide if it cannot be read.
 */
export async function readRecords(root: string, extensionClass: ExtensionClass): Promise<MergeRecord[]> {
  const name = fileOf(extensionClass);
  const bytes = await readIfPresent(root, join(directory, name), limits.maximumLength);
  if (bytes === null) return [];
  try {
    return parseShape(shape, parseStrictJson(bytes, name, limits), name).map(toRecord);
  } catch (error) {
    if (error instanceof Malformed) return [];
    throw error;
  }
}

/** Remembers a set before anybody merges it, so that a merge is explained however its makers end. @throws CouldNotDecide */
export async function expectMerge(
  root: string,
  extensionClass: ExtensionClass,
  { sha256, expected }: Pick<MergeRecord, 'sha256' | 'expected'>,
): Promise<void> {
  const others = await readRecords(root, extensionClass);
  const same = others.find((one) => one.sha256 === sha256 && isSame(one.expected, expected));
  const records = [same ?? { sha256, expected, merge: null }, ...others.filter((one) => one !== same)];
  // What is merged must go on to be explained, however many gates nobody merges after.
  const kept = records.filter(({ merge }, at) => merge !== null || at < maximumRecords - 1);
  await writeRecords(root, extensionClass, kept);
}

/** Remembers which set was found merged: nothing else is explained from now on. @throws CouldNotDecide */
export async function keepMerge(
  root: string,
  { class: extensionClass, mergeId }: MergedState,
  { sha256, expected }: Pick<MergeRecord, 'sha256' | 'expected'>,
  window: MergeWindow | null,
): Promise<void> {
  await writeRecords(root, extensionClass, [{ sha256, expected, merge: { mergeId, window } }]);
}

/** Nothing is merged any more. @throws CouldNotDecide */
export async function forgetMerges(root: string, extensionClass: ExtensionClass): Promise<void> {
  if ((await readRecords(root, extensionClass)).length > 0) await writeRecords(root, extensionClass, []);
}

/** Which devices came with what is merged now; null if nobody of us watched that merge. */
export function findWindow(records: readonly MergeRecord[], { mergeId }: MergedState): MergeWindow | null {
  return records.find(({ merge }) => merge?.mergeId === mergeId)?.merge?.window ?? null;
}

function isSame(one: readonly MergeExpectation[], other: readonly MergeExpectation[]): boolean {
  return textOf(one) === textOf(other);
}

async function writeRecords(
  root: string,
  extensionClass: ExtensionClass,
  records: readonly MergeRecord[],
): Promise<void> {
  const place = await makePrivateDirectory(root, directory);
  const text = textOf(records);
  if (text.length > limits.maximumLength)
    throw new CouldNotDecide(`more ${extensionClass} are approved than can be remembered`);
  await writeDurable(join(place, fileOf(extensionClass)), Buffer.from(text), 0o600);
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? String(member) : member,
  );
}

const digits = z.string().regex(/^\d{1,20}$/);
const expectation = z.object({
  approval: z.object({ name: z.string(), rootHash: z.string(), hashAlgorithm: z.string() }),
  path: z.string(),
  file: z.object({
    device: z.string(),
    ...{ inode: digits, size: digits, modifiedNs: digits, changedNs: digits },
  }),
  verityBytes: digits.nullable(),
});
const shape = z.array(
  z.object({
    sha256: z.string(),
    expected: z.array(expectation),
    merge: z
      .object({ mergeId: z.string(), window: z.object({ after: digits, until: digits }).nullable() })
      .nullable(),
  }),
);

function toRecord({ sha256, expected, merge }: z.infer<typeof shape>[number]): MergeRecord {
  return {
    sha256: parseHex(sha256, 'sha256', 32),
    expected: expected.map(toExpectation),
    merge: merge === null ? null : { mergeId: merge.mergeId, window: toWindow(merge.window) },
  };
}

function toWindow(window: { readonly after: string; readonly until: string } | null): MergeWindow | null {
  return window === null ? null : { after: BigInt(window.after), until: BigInt(window.until) };
}

function toExpectation({ approval, path, file, verityBytes }: z.infer<typeof expectation>): MergeExpectation {
  const { name, rootHash, hashAlgorithm } = approval;
  return {
    approval: { name, rootHash: parseHex(rootHash, 'rootHash'), hashAlgorithm },
    path,
    file: {
      device: file.device,
      ...{ inode: BigInt(file.inode), size: BigInt(file.size) },
      ...{ modifiedNs: BigInt(file.modifiedNs), changedNs: BigInt(file.changedNs) },
    },
    verityBytes: verityBytes === null ? null : BigInt(verityBytes),
  };
}
