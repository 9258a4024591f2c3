import type { Change } from '../packaging/changes.ts';
import { fields, jsonText, printable } from './output.ts';

export interface PackagingReport {
  readonly root: string;
  readonly changes: readonly Change[];
  readonly warnings: readonly string[];
  /** What systemd was told, as it is typed. */
  readonly told: readonly string[];
  /** What is still to be done, in sentences. */
  readonly next: readonly string[];
  /** Nothing was done. */
  readonly dryRun: boolean;
}

const words: Readonly<Record<Change['kind'], string>> = {
  ...{ write: 'wrote', replace: 'replaced', remove: 'removed', unchanged: 'unchanged', left: 'left' },
};

/** The report for people; of a dry run with the files as they would be. */
export function packagingText({ changes, told, next, dryRun }: PackagingReport): string {
  const lines = changes.map(({ path, kind, why }): [string, string] => [
    dryRun ? kind : words[kind],
    why === null ? path : `${path} (${whyLeft(why)})`,
  ]);
  const texts = dryRun
    ? changes.flatMap(({ path, content }) => (content === null ? [] : [`\n==> ${path} <==\n${content}`]))
    : [];
  const done = told.map((line): [string, string] => ['did', line]);
  const all = [...lines, ...done, ...next.map((line): [string, string] => ['next', line])];
  return `${all.length === 0 ? 'nothing of it was there\n' : fields(all, '')}${texts.join('')}`;
}

/** What is said of a file that is not ours to touch. */
export function whyLeft(why: NonNullable<Change['why']>): string {
  return why === 'changed' ? 'changed since it was written' : 'not written by touchstone install';
}

export function packagingJson(report: PackagingReport): string {
  return jsonText({
    ...report,
    changes: report.changes.map(({ path, kind, content, why }) => ({
      ...{ path, kind, why },
      ...(report.dryRun ? { content } : {}),
    })),
  });
}

/** Paths of files in the way, in one message. */
export function describeLeft(left: readonly Change[]): string {
  return left.map(({ path, why }) => printable(`${path} (${whyLeft(why ?? 'foreign')})`)).join(', ');
}
