import { chainDifferences } from './chain-differences.ts';
import type { ChainDraft } from './chain-case.ts';
import { purposes } from './chain-extension.ts';
import type { ChainCase, ChainInputs, ChainJudge } from './chain-group.ts';
import { type JudgeBench, MissingTool, verdict, type Verdict } from './judges.ts';

/** What `openssl verify` says of a path; null if it is not installed. */
export function judgeChain(
  bench: Pick<JudgeBench, 'run' | 'write'>,
  inputs: Pick<ChainInputs, 'signer' | 'intermediates' | 'anchors' | 'revocationLists' | 'now'>,
  purpose: ChainJudge['purpose'],
): Verdict | null {
  const { signer, intermediates, anchors, revocationLists } = inputs;
  const lists = revocationLists ?? [];
  const { status } = bench.run('openssl', [
    ...['verify', '-partial_chain', '-auth_level', '2', '-purpose', purpose],
    ...['-attime', (Date.parse(inputs.now) / 1000).toString()],
    ...['-no-CAfile', '-no-CApath', '-no-CAstore'],
    ...(anchors.length > 0 ? ['-trusted', bench.write('anchors.pem', pem('CERTIFICATE', anchors))] : []),
    ...(intermediates.length > 0
      ? ['-untrusted', bench.write('between.pem', pem('CERTIFICATE', intermediates))]
      : []),
    ...(revocationLists ? ['-crl_check_all'] : []),
    ...(lists.length > 0 ? ['-CRLfile', bench.write('lists.pem', pem('X509 CRL', lists))] : []),
    bench.write('signer.pem', pem('CERTIFICATE', [signer])),
  ]);
  return status === null ? null : verdict(status === 0);
}

/** Asks openssl, and complains of every verdict that nobody explained, or that needs no explanation. */
export function askVerify(bench: JudgeBench, draft: ChainDraft, complain: (what: string) => void): ChainCase {
  const { why, purpose } = chainDifferences.get(draft.id) ?? {};
  const asked =
    purpose ?? (draft.inputs.extendedKeyUsage.includes(purposes.emailProtection) ? 'smimesign' : 'any');
  const said = judgeChain(bench, draft.inputs, asked);
  if (said === null) throw new MissingTool('openssl');
  const agrees = said === draft.expect.verdict;
  if (agrees !== (why === undefined))
    complain(`${draft.id}: openssl says ${said}; ${why ?? 'nobody says why'}`);
  const tool = 'openssl verify' as const;
  return { ...draft, judges: [{ tool, purpose: asked, verdict: said, why: agrees ? null : (why ?? '?') }] };
}

function pem(label: string, ders: readonly string[]): string {
  return ders
    .map((der) => `-----BEGIN ${label}-----\n${der.replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`)
    .join('');
}
