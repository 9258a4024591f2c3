import { differences, varying } from './image-differences.ts';
import type { ImageDraft } from './image-draft.ts';
import { type ImageJudge, type JudgeBench, MissingTool } from './judges.ts';

/** What systemd is asked: a data partition with a hash tree, and with a signature where the image has one. */
const signedPolicy = 'root=signed+absent:usr=signed+absent';
const verityPolicy = 'root=verity+signed+absent:usr=verity+signed+absent';

type Question = ImageJudge extends infer J
  ? J extends ImageJudge
    ? Omit<J, 'verdict' | 'why'>
    : never
  : never;

/** The tools to ask about a case: those whose subject it is, and all of them if the image is accepted. */
function questions(draft: ImageDraft): readonly Question[] {
  const { flags, refused, sectorSize, parts, rootHash, certificate } = draft;
  const about = (...names: readonly string[]) =>
    refused === null || names.some((name) => flags.includes(name));
  const { data, tree, signature } = parts;
  const policy = draft.signed ? signedPolicy : verityPolicy;
  return [
    ...(about('Table') ? [{ tool: 'fdisk', sectorSize } as const] : []),
    // libblkid can be told of another sector size, as systemd does, but blkid cannot.
    ...(about('Table', 'Polyglot') && sectorSize === 512 ? [{ tool: 'blkid' } as const] : []),
    ...(about('Table', 'Polyglot', 'Partitions') ? [{ tool: 'systemd-dissect', policy } as const] : []),
    ...(about('Superblock', 'Corrupt', 'Identity') && data !== null && tree !== null
      ? [{ tool: 'veritysetup', data, hashTree: tree, rootHash } as const]
      : []),
    ...(certificate !== null && signature !== null ? [{ tool: 'openssl', signature } as const] : []),
  ];
}

/** Asks the tools. `complain` hears of every verdict that nobody explained, or that needs no explanation. */
export function askJudges(
  bench: JudgeBench,
  draft: ImageDraft,
  certificatePath: string | null,
  complain: (what: string) => void,
): ImageJudge[] {
  const expected = draft.refused === null ? 'accepted' : 'refused';
  const asked = questions(draft).filter(({ tool }) => !varying.has(`${draft.id} ${tool}`));
  return asked.map((question): ImageJudge => {
    const judge = { ...question, verdict: expected, why: null } as const;
    const verdict = bench.judgeImage(judge, draft.bytes, certificatePath);
    if (verdict === null) throw new MissingTool(question.tool);
    const why = differences.get(`${draft.id} ${question.tool}`) ?? null;
    if ((why === null) !== (verdict === expected))
      complain(`${draft.id}: ${question.tool} says ${verdict}; ${why ?? 'nobody says why'}`);
    return { ...judge, verdict, why: verdict === expected ? null : (why ?? '?') };
  });
}

/** Why nobody was asked about a case. */
export function whyUnjudged({ flags }: ImageDraft): string {
  return flags.includes('SignaturePartition')
    ? 'Of the tools that need no root, none reads signature partitions.'
    : 'What the tools say depends on their versions.';
}
