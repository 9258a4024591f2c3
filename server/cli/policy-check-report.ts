import { type CheckedPolicy, type CheckProblem, positionOf } from '../../verifier/authoring/check-problem.ts';
import { excerptAt } from '../../verifier/authoring/source-excerpt.ts';
import { printable } from './output.ts';

/** The document of `policy check --json`; its names are scripted against. */
export function toCheckDocument(path: string, { policy, problems }: CheckedPolicy): unknown {
  const identity =
    policy === null
      ? { name: null, version: null, sha256: null, mode: null }
      : { name: policy.name, version: policy.version, sha256: policy.sha256, mode: policy.mode };
  return {
    policy: { path, ...identity },
    problems: problems.map(({ severity, message, at }) => ({ severity, message, at, ...positionOf(at) })),
  };
}

// More than a person reads at once. With --json all of them are there.
const maximumShown = 100;

/** The problems for people, each with the line it is about, and a last line with the numbers. */
export function checkText(path: string, text: string, { policy, problems }: CheckedPolicy): string {
  const left = problems.length - maximumShown;
  return [
    ...problems.slice(0, maximumShown).map((problem) => problemText(text, problem)),
    left > 0 ? `... and ${left} more\n\n` : '',
    printable(`${path}${policy === null ? '' : ` (${policy.name}, version ${policy.version})`}: `),
    `${countText(problems)}\n`,
  ].join('');
}

function problemText(text: string, { severity, message, at }: CheckProblem): string {
  const { line, column } = positionOf(at);
  const excerpt = excerptAt(text, line, column);
  const margin = ' '.repeat(String(line).length);
  return [
    `${printable(`${at}: ${severity}: ${message}`)}\n`,
    ...(excerpt === null ? [] : [`  ${line} | ${excerpt.source}\n`, `  ${margin} | ${excerpt.mark}\n`]),
    '\n',
  ].join('');
}

function countText(problems: readonly CheckProblem[]): string {
  const counts = (['error', 'warning'] as const).flatMap((wanted) => {
    const count = problems.filter(({ severity }) => severity === wanted).length;
    return count === 0 ? [] : [`${count} ${wanted}${count === 1 ? '' : 's'}`];
  });
  return counts.length === 0 ? 'no problems' : counts.join(', ');
}
