import type { Hex } from '../../../verifier/bytes/hex.ts';
import type { ReasonCode } from '../../../verifier/reasons.ts';
import { checkDevices } from './check-devices.ts';
import { isUntouched } from '../../os/file-identity.ts';
import type { MergedExtension, MergedState, MergeExpectation, Violation } from './merged-state.ts';
import type { Observed } from './observe.ts';

/**
 * How what is merged differs from what was approved: the same extensions in the same layers, each with the content that was
 * judged, nothing writable over them, nothing unexplained.
 *
 * The content of an image with a hash tree is its root hash and how much of it there is to read: systemd 260 and newer write
 * down the root hash of each extension; before that, and for the size, dm-verity devices are asked (`checkDevices`). Of
 * other files, and of directories, no more can be said than that nothing was written to what was judged, and that it was not
 * moved: the kernel marks both on the file itself. Files deep in a directory have marks of their own, which are not looked at.
 *
 * @param approved in layer order, lowest first.
 * @returns none if everything agrees.
 */
export function confirmMerged(
  approved: readonly MergeExpectation[],
  merged: MergedState,
  observed: Observed,
): readonly Violation[] {
  return [
    ...merged.problems.map((problem) => violation('set-mismatch', '', '', `${problem}.`)),
    ...checkNames(approved, merged),
    ...merged.extensions.flatMap((extension) => {
      const expected = approved.find(({ approval }) => approval.name === extension.name);
      return expected === undefined ? [] : checkContent(expected, extension, merged, observed);
    }),
    ...checkDevices(approved, merged, observed),
  ];
}

function violation(code: ReasonCode, name: string, rootHash: Hex | '', message: string): Violation {
  return { code, name, rootHash, message };
}

function checkNames(
  approved: readonly MergeExpectation[],
  { extensions }: MergedState,
): readonly Violation[] {
  const expected = approved.map(({ approval }) => approval.name);
  const found = extensions.map(({ name }) => name);
  const unapproved = extensions
    .filter(({ name }) => !expected.includes(name))
    .map(({ name, rootHash }) => {
      return violation('unapproved', name, rootHash ?? '', `${name} is merged and was not approved.`);
    });
  const missing = expected
    .filter((name) => !found.includes(name))
    .map((name) => violation('set-mismatch', name, '', `${name} was approved and is not merged.`));
  if (unapproved.length + missing.length > 0) return [...unapproved, ...missing];
  if (found.join('\n') === expected.join('\n')) return [];
  const orders = `The layers are ${found.join(', ')}, lowest first; approved were ${expected.join(', ')}.`;
  return [violation('set-mismatch', '', '', orders)];
}

function checkContent(
  { approval, path, file, verityBytes }: MergeExpectation,
  { name, rootHash }: MergedExtension,
  { knownBy }: MergedState,
  { files }: Observed,
): readonly Violation[] {
  const active = rootHash ?? '';
  if (verityBytes !== null) {
    if (knownBy !== 'origin' || rootHash === approval.rootHash) return [];
    const said = rootHash === null ? 'without a hash tree' : `with the root hash ${rootHash}`;
    const message = `${name} is merged ${said}; approved was ${approval.rootHash}.`;
    return [violation('root-hash-mismatch', name, active, message)];
  }
  if (rootHash !== null)
    return [violation('unapproved', name, active, `${name} is merged from another image than was approved.`)];
  const now = files.get(path) ?? null;
  if (now !== null && isUntouched(file, now)) return [];
  return [
    violation('digest-mismatch', name, '', `${path} was changed, moved or replaced since it was approved.`),
  ];
}
