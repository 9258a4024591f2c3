import type { ExtensionClass, ExtensionHistory, ExtensionRecord } from './extension-history.ts';

/** What is merged of one class by the kernel's word, as far as it is held against a log. */
export interface ObservedMerge {
  /** Of systemd-sysext(8)'s `--mutable=`; `no` also where nothing is merged. */
  readonly mutable: string;
  /** Lowest layer first. */
  readonly extensions: readonly ObservedExtension[];
  /** Whether it is the merge that was compared with what was approved, and not a later one; absent: it was not asked. */
  readonly confirmed?: boolean;
  /** What does not add up, one sentence each without its full stop. */
  readonly problems: readonly string[];
}

interface ObservedExtension {
  readonly name: string;
  /** Of what is mounted, in hexadecimal, where systemd wrote it down. */
  readonly rootHash: string | null;
}

/** One extension that is merged, beside what was measured. */
export interface JudgedExtension extends ObservedExtension {
  /**
   * `approved`: measured, confirmed, and mounted with that root hash; `unconfirmed`: one of that name was measured, and
   * whether this is it cannot be told from here; `earlier`: not of the set that was approved last, but of the one that was
   * confirmed before it, which may still be merged; `unapproved`: nobody approved it.
   */
  readonly verdict: 'approved' | 'unconfirmed' | 'earlier' | 'unapproved';
}

/** What is merged of one class, held against a log. */
export interface JudgedMerge {
  /** Lowest layer first. */
  readonly extensions: readonly JudgedExtension[];
  /** All is as the log says: the same in the same layers, nothing unapproved or writable, nothing that does not add up. */
  readonly agrees: boolean;
}

/** Holds what is merged against what the log ends with. Host and verifier judge by this alike. */
export function judgeMerged(
  { sets, confirmed }: Pick<ExtensionHistory, 'sets' | 'confirmed'>,
  extensionClass: ExtensionClass,
  { mutable, extensions: observed, confirmed: isConfirmed = true, problems }: ObservedMerge,
): JudgedMerge {
  const measured = sets.get(extensionClass);
  const current = measured?.state === 'unmerged' ? [] : (measured?.extensions ?? []);
  const earlier = confirmed.get(extensionClass) ?? [];
  const isMerged = measured?.state === 'merged';
  const extensions = observed.map(({ name, rootHash }): JudgedExtension => {
    const found = { name, rootHash };
    if (!isAmong(found, current))
      return { ...found, verdict: isAmong(found, earlier) ? 'earlier' : 'unapproved' };
    // Its root hash is what systemd wrote down of it; where that does not add up with the mount, nothing is told by it.
    const isKnown = isMerged && isConfirmed && rootHash !== null && problems.length === 0;
    return { ...found, verdict: isKnown ? 'approved' : 'unconfirmed' };
  });
  const expected = isMerged ? current : [];
  const same = expected.map(({ name }) => name).join('\n') === extensions.map(({ name }) => name).join('\n');
  const agrees =
    same &&
    (isConfirmed || extensions.length === 0) &&
    mutable === 'no' &&
    problems.length === 0 &&
    extensions.every(({ verdict }) => verdict === 'approved' || verdict === 'unconfirmed');
  return { extensions, agrees };
}

function isAmong({ name, rootHash }: ObservedExtension, records: readonly ExtensionRecord[]): boolean {
  return records.some((one) => one.name === name && (rootHash === null || rootHash === one.rootHash));
}
