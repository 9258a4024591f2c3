import { UsageError } from './output.ts';

const highestPcr = 23;

/** Reads numbers and ranges of PCRs, as `0-7,11-15`. @throws UsageError for anything else. */
export function parsePcrList(text: string): readonly number[] {
  const pcrs = text.split(',').flatMap((part) => {
    const [all, first = '', last = first] = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (all === undefined || from > to || to > highestPcr)
      throw new UsageError(`--quote-pcrs: "${part}" is not a PCR, or a range of PCRs, from 0 to 23`);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
  return [...new Set(pcrs)].sort((a, b) => a - b);
}
