import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { withHostLock } from '../../host/merge/host-lock.ts';
import type { MergeInput } from '../../host/merge/merge-input.ts';
import type { MergeOutcome } from '../../host/merge/merge-outcome.ts';
import { confirmClass } from '../../host/merge/confirm.ts';
import { readRecords } from '../../host/merge/merge-record.ts';
import { refreshClass } from '../../host/merge/refresh.ts';
import { undoUnexplained } from '../../host/merge/undo.ts';
import { unmergeAll, unmergeClass } from '../../host/merge/unmerge.ts';
import { classesOf, type GateOptions, gateShape, readGateInput } from '../gate-options.ts';
import { inputWithoutPolicy } from '../input-without-policy.ts';
import { mergeAccess } from '../merge-access.ts';
import { mergeExitCode, mergeText, toMergeDocument, type Undecided } from '../merge-report.ts';
import { type ExitCode, jsonText, type Output, printable } from '../output.ts';

/** What is done with each class. */
const verbs = {
  merge: async (input: MergeInput): Promise<MergeOutcome> => {
    const { hierarchies } = await input.access.readMerged(input.class);
    if (hierarchies.length > 0)
      throw new CouldNotDecide(
        `${input.class} is merged into ${hierarchies.join(' and ')} already; use touchstone refresh`,
      );
    return refreshClass(input);
  },
  refresh: refreshClass,
  unmerge: unmergeClass,
  confirm: confirmClass,
};

type MergeVerb = keyof typeof verbs;

export function isMergeVerb(text: string): text is MergeVerb {
  return Object.hasOwn(verbs, text);
}

/**
 * `touchstone merge`, `refresh`, `unmerge`, `confirm`: exit code 0 only if what is merged now is what it should be. Each class is
 * brought to its end by itself: what keeps one from being decided must not keep another from being looked at.
 */
export async function changeMerge(verb: MergeVerb, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(gateShape, raw, 'options');
  const ends = await withHostLock(options.root, async () => {
    const input = await readGateInput(options, output).catch(async (error: unknown) => {
      if (verb === 'unmerge') await unmergeUnmeasured(options);
      else await undoWithoutPolicy(options, output);
      throw error;
    });
    const access = await mergeAccess(options.root);
    return forEach(options, (extensionClass) => verbs[verb]({ ...input, class: extensionClass, access }));
  });
  for (const end of ends)
    if (end.outcome === 'merged' && end.violations.length > 0)
      output.err(
        `touchstone: warning: ${end.merged.class} was merged behind the gate; that was unmerged, and measured as a violation: no appraisal trusts this host until it is rebooted\n`,
      );
    else if (end.outcome === 'undecided')
      output.err(`touchstone: ${printable(`${end.class}: ${end.failure}`)}\n`);
  output.out(options.json ? jsonText(ends.map(toMergeDocument)) : ends.map(mergeText).join(''));
  return mergeExitCode(ends);
}

async function forEach<T>(
  options: GateOptions,
  act: (extensionClass: ExtensionClass) => Promise<T>,
): Promise<(T | Undecided)[]> {
  const ends: (T | Undecided)[] = [];
  for (const extensionClass of classesOf(options))
    ends.push(
      await act(extensionClass).catch((error: unknown): Undecided => {
        if (!(error instanceof CouldNotDecide)) throw error;
        return { class: extensionClass, outcome: 'undecided', failure: error.message };
      }),
    );
  return ends;
}

/**
 * Without a policy nothing can be approved: what was approved before stays merged, and nothing else, as where the gate cannot decide.
 * Who takes the policy away must not have what he merged stay. A policy that only audits cannot be told from others then.
 */
async function undoWithoutPolicy(options: GateOptions, output: Output): Promise<void> {
  const ends = await forEach(options, async (extensionClass) => {
    const input = { ...(await inputWithoutPolicy(options)), access: await mergeAccess(options.root) };
    const records = await readRecords(options.root, extensionClass);
    return undoUnexplained({ ...input, class: extensionClass }, records);
  });
  for (const end of ends)
    if (end?.outcome === 'undecided')
      output.err(`touchstone: ${printable(`${end.class}: ${end.failure}`)}\n`);
    else if (end !== null)
      output.err(
        `touchstone: warning: ${end.merged.class}: what was merged was never approved, and was unmerged ${end.events.length > 0 ? 'and measured as a violation' : '(nothing could be measured)'}\n`,
      );
}

/** Nobody must be kept from unmerging by a policy that cannot be read; what is wrong with it is said all the same. */
async function unmergeUnmeasured(options: GateOptions): Promise<void> {
  const access = await mergeAccess(options.root);
  const ends = await forEach(options, async (extensionClass) => {
    await unmergeAll({ access, class: extensionClass });
    return null;
  });
  const failures = ends.flatMap((end) => (end === null ? [] : [end.failure]));
  if (failures.length > 0) throw new CouldNotDecide(failures.join('; '));
}
