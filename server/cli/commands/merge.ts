import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { withHostLock } from '../../host/merge/host-lock.ts';
import type { MergeInput } from '../../host/merge/merge-input.ts';
import type { MergeOutcome } from '../../host/merge/merge-outcome.ts';
import { confirmClass } from '../../host/merge/confirm.ts';
import { refreshClass } from '../../host/merge/refresh.ts';
import { unmergeAll, unmergeClass } from '../../host/merge/unmerge.ts';
import { classesOf, type GateOptions, gateShape, readGateInput } from '../gate-options.ts';
import { mergeAccess } from '../merge-access.ts';
import { mergeExitCode, mergeText, toMergeDocument } from '../merge-report.ts';
import { type ExitCode, jsonText, type Output } from '../output.ts';

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

/** `touchstone merge`, `refresh`, `unmerge`, `confirm`: exit code 0 only if what is merged now is what it should be. */
export async function changeMerge(verb: MergeVerb, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(gateShape, raw, 'options');
  const outcomes = await withHostLock(options.root, async () => {
    const input = await readGateInput(options, output).catch(async (error: unknown) => {
      if (verb === 'unmerge') await unmergeUnmeasured(options);
      throw error;
    });
    const access = await mergeAccess(options.root);
    const done: MergeOutcome[] = [];
    for (const extensionClass of classesOf(options))
      done.push(await verbs[verb]({ ...input, class: extensionClass, access }));
    return done;
  });
  for (const { merged, violations, outcome } of outcomes)
    if (outcome === 'merged' && violations.length > 0)
      output.err(
        `touchstone: warning: ${merged.class} was merged behind the gate; that was unmerged, and measured as a violation: no appraisal trusts this host until it is rebooted\n`,
      );
  output.out(options.json ? jsonText(outcomes.map(toMergeDocument)) : outcomes.map(mergeText).join(''));
  return mergeExitCode(outcomes);
}

/** Nobody must be kept from unmerging by a policy that cannot be read; what is wrong with it is said all the same. */
async function unmergeUnmeasured(options: GateOptions): Promise<void> {
  const access = await mergeAccess(options.root);
  for (const extensionClass of classesOf(options)) await unmergeAll({ access, class: extensionClass });
}
