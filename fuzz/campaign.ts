import { performance } from 'node:perf_hooks';

import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import { isRefusal } from './refusal.ts';
import type { Target } from './target.ts';

/** Which mutants of a target: each is made from the seed and its own number, so any one can be made again. */
export interface Campaign {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
}

export interface Failure {
  readonly target: string;
  readonly seed: number;
  readonly mutant: number;
  readonly problem: string;
}

export interface Outcome {
  readonly accepted: number;
  readonly failures: readonly Failure[];
  readonly slowestMs: number;
}

/** A mutant that takes longer hangs, as far as a host that boots is concerned. */
export const hangMs = 1000;

const maximumFailures = 20;

/** Makes mutant number `number`, and says which of the target's seeds it was made from. */
export function makeMutant(
  target: Target,
  seed: number,
  number: number,
): { bytes: Uint8Array; from: number } {
  const random = new Random(seed, number);
  const from = random.below(target.seeds.length);
  const original = target.seeds[from] ?? new Uint8Array();
  return { bytes: mutate(original, random.pick(target.seeds), random), from };
}

/** Throws the mutants of a campaign at the target, one after another. @param onProgress called before each with its number. */
export async function runCampaign(
  target: Target,
  { seed, first, count }: Campaign,
  onProgress: (mutant: number) => void,
): Promise<Outcome> {
  const failures: Failure[] = [];
  let accepted = 0;
  let slowestMs = 0;
  for (let mutant = first; mutant < first + count && failures.length < maximumFailures; mutant++) {
    onProgress(mutant);
    const result = await runMutant(target, seed, mutant);
    if (result.accepted) accepted++;
    slowestMs = Math.max(slowestMs, result.ms);
    if (result.problem !== null)
      failures.push({ target: target.name, seed, mutant, problem: result.problem });
  }
  return { accepted, failures, slowestMs };
}

interface MutantResult {
  readonly accepted: boolean;
  readonly ms: number;
  readonly problem: string | null;
}

/** What is slow is tried again: a busy machine is not a hang. */
async function runMutant(target: Target, seed: number, mutant: number, tries = 3): Promise<MutantResult> {
  const { bytes, from } = makeMutant(target, seed, mutant);
  const start = performance.now();
  const { accepted, problem } = await judge(target, bytes, from);
  const ms = performance.now() - start;
  if (ms > hangMs && problem === null)
    return tries > 1
      ? runMutant(target, seed, mutant, tries - 1)
      : { accepted, ms, problem: `takes ${Math.round(ms)} ms` };
  return { accepted, ms, problem };
}

async function judge(
  target: Target,
  bytes: Uint8Array,
  from: number,
): Promise<Pick<MutantResult, 'accepted' | 'problem'>> {
  try {
    const meaning = await target.run(bytes, from);
    if (meaning === null || target.meanings === null || target.meanings.has(meaning))
      return { accepted: meaning !== null, problem: null };
    return {
      accepted: true,
      problem: `is accepted with a meaning that no seed has: ${meaning.slice(0, 2000)}`,
    };
  } catch (error) {
    if (isRefusal(error)) return { accepted: false, problem: null };
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { accepted: false, problem: `throws ${what.split('\n').slice(0, 4).join(' ')}` };
  }
}
