import type { BlockRun, DigestedBlocks } from '../image/byte-source.ts';
import type { Addon, AddonEngine } from './addon.ts';
import type { RunDigester } from './run-digester.ts';

/**
 * Digests by the addon. Several threads work on two runs at a time: while one run ends and the next begins, some of them
 * would have nothing to do. One thread works on one.
 */
export function addonDigester(addon: Addon, engine: AddonEngine, threads: number): RunDigester {
  const lines: Promise<unknown>[] = Array.from({ length: threads > 1 ? 2 : 1 }, () => Promise.resolve());
  let turn = 0;
  return {
    digest(file: number, run: BlockRun): Promise<DigestedBlocks> {
      const { hashing, ...blocks } = run;
      const request = { file, ...blocks, ...hashing, engine, threads };
      const line = turn++ % lines.length;
      const digested = Promise.resolve(lines[line]).then(() => addon.digestBlocks(request));
      lines[line] = digested.catch(() => null);
      return digested;
    },
    close: () => Promise.resolve(),
  };
}
