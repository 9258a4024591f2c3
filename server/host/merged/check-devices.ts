import type { Hex } from '../../../verifier/bytes/hex.ts';
import type { ReasonCode } from '../../../verifier/reasons.ts';
import { isSameFile, isUntouched } from '../../os/file-identity.ts';
import type { LoopDevice, VerityDevice } from './image-devices.ts';
import type { MergedState, MergeExpectation, Violation } from './merged-state.ts';
import type { Observed } from './observe.ts';

/**
 * Whether the devices of images are those that were approved.
 *
 * That a device is there proves nothing: the mount of an earlier merge lives on, out of sight, while a program runs from it.
 * So before systemd 260, which does not say what it activated, only devices that came with the merge count, and each of
 * them must be of an approved image. It takes a merge that shares no devices with the one before
 * (SYSTEMD_VERITY_SHARING=0 in systemd's docs/ENVIRONMENT.md; systemd 257 shares them). Nobody but root makes devices, so
 * that an image which took the place of another during the merge is seen by its device though its file is gone again.
 */
export function checkDevices(
  approved: readonly MergeExpectation[],
  merged: MergedState,
  observed: Observed,
): readonly Violation[] {
  if (merged.knownBy === 'nothing-merged') return [];
  const expected = approved.filter(({ approval }) =>
    merged.extensions.some(({ name }) => name === approval.name),
  );
  const own = devicesOf(merged, observed);
  return [
    ...expected.flatMap((one) =>
      one.verityBytes === null ? checkFile(one, own) : checkVerity(one, own, observed.files),
    ),
    ...(merged.knownBy === 'names' ? checkOthers(approved, own, observed) : []),
  ];
}

interface OwnDevices {
  readonly loops: readonly LoopDevice[];
  /** Those that are mounted. */
  readonly verity: readonly VerityDevice[];
}

/** The devices that may be of this merge. */
function devicesOf({ knownBy }: MergedState, { devices, window }: Observed): OwnDevices {
  const mounted = devices.verity.filter(({ open }) => open);
  // systemd 260 and newer keeps what has not changed, with its devices, and names root hashes anyway.
  if (window === null || knownBy === 'origin') return { loops: devices.loops, verity: mounted };
  const isOwn = ({ sequence }: { readonly sequence: bigint }): boolean =>
    sequence > window.after && sequence <= window.until;
  return { loops: devices.loops.filter(isOwn), verity: mounted.filter(isOwn) };
}

function violation(code: ReasonCode, name: string, rootHash: Hex | '', message: string): Violation {
  return { code, name, rootHash, message };
}

function checkVerity(
  { approval: { name, rootHash }, path, file, verityBytes }: MergeExpectation,
  { verity, loops }: OwnDevices,
  files: Observed['files'],
): readonly Violation[] {
  const active = verity.filter((device) => device.rootHash === rootHash);
  const differs = (code: ReasonCode, message: string): Violation => violation(code, name, rootHash, message);
  if (active.length === 0)
    return [
      violation('unapproved', name, '', `No dm-verity device of the merge has the root hash of ${name}.`),
    ];
  const found = active.flatMap((device) => {
    const at = `The dm-verity device of ${name}`;
    // The root hash does not say how many blocks there are to read.
    if (device.dataBytes !== verityBytes)
      return [differs('unapproved', `${at} has ${device.dataBytes} bytes; approved were ${verityBytes}.`)];
    if (device.lenient) return [differs('data-corrupt', `${at} gives out corrupted data.`)];
    if (device.corrupted) return [differs('data-corrupt', `${at} has met corrupted data.`)];
    return [];
  });
  // The kernel checks what it reads all the same; but somebody was at work in the directory of the images.
  const now = files.get(path) ?? null;
  const isFromFile = active.some(({ dataLoop }) =>
    loops.some((loop) => loop.name === dataLoop && isSameFile(loop, file)),
  );
  if (!isFromFile || now === null || !isSameFile(now, file))
    found.push(differs('unapproved', `${path} was moved, deleted or replaced since it was approved.`));
  return found;
}

function checkFile(
  { approval: { name, hashAlgorithm }, path, file }: MergeExpectation,
  { loops, verity }: OwnDevices,
): readonly Violation[] {
  // A directory is mounted as it is, without a device.
  if (hashAlgorithm.startsWith('tree-')) return [];
  const loop = loops.find((one) => isSameFile(one, file));
  if (loop !== undefined && !verity.some(({ dataLoop }) => dataLoop === loop.name)) return [];
  return [violation('unapproved', name, '', `${name} is not merged from ${path} as it was approved.`)];
}

/**
 * What came with the merge and is of no approved image. Not watched, a merge is held to all that is at approved places: two
 * candidates for one name.
 */
function checkOthers(
  approved: readonly MergeExpectation[],
  { loops, verity }: OwnDevices,
  { devices, window, files }: Observed,
): readonly Violation[] {
  const behind = (loop: LoopDevice | undefined): MergeExpectation | undefined =>
    loop && approved.find(({ file, path }) => isSameFile(file, loop) || path === withoutMark(loop.path));
  const strangers = verity
    .filter((device) => !isApproved(device, approved))
    .map((device) => ({ device, loop: devices.loops.find(({ name }) => name === device.dataLoop) }))
    .filter(({ loop }) => window !== null || behind(loop) !== undefined)
    .map(({ device: { name, rootHash }, loop }) => {
      const what = `${name} of ${loop?.path ?? 'another device'} is not of an approved image, and may be merged.`;
      return violation('unapproved', behind(loop)?.approval.name ?? '', rootHash, what);
    });
  if (window === null) return strangers;
  const mapped = new Set(verity.flatMap(({ dataLoop, hashLoop }) => [dataLoop, hashLoop]));
  const bare = loops
    .filter(({ name }) => !mapped.has(name))
    .filter((loop) => {
      // Nothing is mapped from it, so its content is the file's: approved if that is untouched.
      const source = behind(loop);
      const now = source === undefined ? null : (files.get(source.path) ?? null);
      return source === undefined || now === null || !isSameFile(now, loop) || !isUntouched(source.file, now);
    })
    .map((loop) => {
      const what = `${loop.name} of ${loop.path} is not of an approved image, and may be merged.`;
      return violation('unapproved', behind(loop)?.approval.name ?? '', '', what);
    });
  return [...strangers, ...bare];
}

function isApproved(device: VerityDevice, approved: readonly MergeExpectation[]): boolean {
  return approved.some(
    ({ approval, verityBytes }) => approval.rootHash === device.rootHash && verityBytes === device.dataBytes,
  );
}

/** The kernel's way to say that the file has no name any more. */
function withoutMark(path: string): string {
  return path.endsWith(' (deleted)') ? path.slice(0, -' (deleted)'.length) : path;
}
