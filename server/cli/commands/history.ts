import { z } from 'zod';

import { parseShape } from '../../../verifier/bytes/shape.ts';
import { beginHistory, readHistory } from '../../host/history-file.ts';
import type { History } from '../../host/history.ts';
import { type ExitCode, exitCodes, fields, jsonText, type Output } from '../output.ts';

const shape = z.object({ root: z.string(), json: z.boolean().default(false) });

/** `touchstone history begin`: from now on the host remembers what it accepts. Once in its life. */
export async function begin(raw: object, output: Output): Promise<ExitCode> {
  const { root, json } = parseShape(shape, raw, 'options');
  await beginHistory(root);
  output.out(
    json ? jsonText(await readHistory(root)) : 'the history of this host begins, with nothing accepted\n',
  );
  return exitCodes.yes;
}

/** `touchstone history show`: what the host remembers. */
export async function show(raw: object, output: Output): Promise<ExitCode> {
  const { root, json } = parseShape(shape, raw, 'options');
  const history = await readHistory(root);
  if (json) output.out(jsonText(history));
  else if (history === null) output.out('this host has no history; touchstone history begin begins it\n');
  else
    output.out(
      fields(
        [
          ['policy', policyText(history)],
          ...history.accepted.map((one) => [`${one.class} ${one.name}`, one.version] as const),
        ],
        '',
      ),
    );
  return history === null ? exitCodes.no : exitCodes.yes;
}

function policyText({ policy }: History): string {
  if (policy === null) return 'any';
  const { name, minimum } = policy;
  return minimum === 0 ? `${name}, any version` : `${name}, version ${minimum} or higher`;
}
