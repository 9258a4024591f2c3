import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type JudgeBench, MissingTool, verdict, type Verdict } from './judges.ts';
import { signatureDifferences } from './signature-differences.ts';
import type { SignatureCase, SignatureJudge } from './signature-group.ts';

type Tool = SignatureJudge['tool'];

/** What openssl says of a case; null if it is not installed. */
export function judgeSignature(
  bench: JudgeBench,
  directory: string,
  tool: Tool,
  { inputs }: Pick<SignatureCase, 'inputs'>,
): Verdict | null {
  const names = [...new Set(inputs.anchors.flatMap(({ certificates }) => certificates))];
  const anchors = Buffer.concat(names.map((name) => readFileSync(join(directory, name))));
  const cms = readFileSync(join(directory, inputs.signature));
  const certificates = names.length === 0 ? null : bench.write('anchors.pem', anchors);
  if (tool === 'openssl smime') return bench.openssl(inputs.rootHash, cms, certificates);
  const [message, content] = [bench.write('p7s', cms), bench.write('hash', inputs.rootHash)];
  const { status } = bench.run('openssl', [
    ...['cms', '-verify', '-inform', 'DER', '-binary', '-in', message, '-content', content],
    ...['-partial_chain', '-auth_level', '2', '-purpose', 'any', '-no-CApath', '-no-CAstore'],
    ...['-attime', (Date.parse(inputs.now) / 1000).toString()],
    ...(certificates === null ? ['-no-CAfile'] : ['-CAfile', certificates, '-certfile', certificates]),
  ]);
  return status === null ? null : verdict(status === 0);
}

/**
 * Asks openssl as systemd would where certificates are pinned, and for a chain where they issue. `complain` hears of every
 * verdict that nobody explained, or that needs no explanation.
 */
export function askOpenssl(
  bench: JudgeBench,
  directory: string,
  vector: Omit<SignatureCase, 'judges'>,
  complain: (what: string) => void,
): SignatureJudge[] {
  const modes = vector.inputs.anchors.map(({ mode }) => mode);
  const issued = modes.some((mode) => mode !== 'pinned');
  const tools: readonly Tool[] = [
    ...(issued && !modes.includes('either') ? [] : (['openssl smime'] as const)),
    ...(issued || vector.expect.verdict === 'accepted' ? (['openssl cms'] as const) : []),
  ];
  return tools.map((tool) => {
    const said = judgeSignature(bench, directory, tool, vector);
    if (said === null) throw new MissingTool(tool);
    const why = signatureDifferences.get(`${vector.id} ${tool}`) ?? null;
    const agrees = said === vector.expect.verdict;
    if (agrees !== (why === null))
      complain(`${vector.id}: ${tool} says ${said}; ${why ?? 'nobody says why'}`);
    return { tool, verdict: said, why: agrees ? null : (why ?? '?') };
  });
}
