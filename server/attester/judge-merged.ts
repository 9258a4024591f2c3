import type { MeasuredSet } from '../../verifier/measurement/extension-history.ts';
import type { MergedState } from '../host/merged/merged-state.ts';

/** One extension that is merged, beside what was measured. */
export interface JudgedExtension {
  readonly name: string;
  /** Of what is mounted, where systemd wrote it down. */
  readonly rootHash: string | null;
  /**
   * `approved`: measured, confirmed, and mounted with that root hash; `unconfirmed`: one of that name was measured, and
   * whether this is it cannot be told from here; `unapproved`: nobody approved it.
   */
  readonly verdict: 'approved' | 'unconfirmed' | 'unapproved';
}

/**
 * Holds what is merged against what the log ends with.
 *
 * @returns the extensions, lowest layer first, and whether all is as the log says: the same in the same layers, nothing
 *   unapproved, nothing that does not add up.
 */
export function judgeMerged(
  measured: MeasuredSet | undefined,
  merged: MergedState,
): { readonly extensions: readonly JudgedExtension[]; readonly agrees: boolean } {
  const isMerged = measured?.state === 'merged';
  const extensions = merged.extensions.map(({ name, rootHash }): JudgedExtension => {
    const known = measured?.extensions.find((one) => one.name === name);
    if (known === undefined || measured?.state === 'unmerged')
      return { name, rootHash, verdict: 'unapproved' };
    if (rootHash !== null && rootHash !== known.rootHash) return { name, rootHash, verdict: 'unapproved' };
    // Its root hash is what systemd wrote down of it; where that does not add up with the mount, nothing is told by it.
    const confirmed = isMerged && rootHash !== null && merged.problems.length === 0;
    return { name, rootHash, verdict: confirmed ? 'approved' : 'unconfirmed' };
  });
  const expected = isMerged ? measured.extensions : [];
  const same = expected.map(({ name }) => name).join('\n') === extensions.map(({ name }) => name).join('\n');
  const agrees =
    same && merged.problems.length === 0 && extensions.every(({ verdict }) => verdict !== 'unapproved');
  return { extensions, agrees };
}
