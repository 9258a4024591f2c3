import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { JudgeBench, MissingTool } from './judges.ts';
import { sidecarCases } from './sidecar-cases.ts';
import type { SidecarDraft } from './sidecar-draft.ts';
import { writeSidecarFiles } from './sidecar-files.ts';
import {
  type SidecarCase,
  type SidecarGroup,
  sidecarGroupShape,
  type SidecarJudge,
  sidecarSchemaText,
} from './sidecar-group.ts';
import { judgeSidecars } from './sidecar-judges.ts';

const settings = 'systemd src/shared/dissect-image.c, verity_settings_load()';
const notes: SidecarGroup['notes'] = {
  Form: {
    effect:
      'A file system of which readers disagree what it is; to refuse an honest one is to refuse vendors.',
    reference: 'systemd.exec(5), RootVerity=; libblkid/src/superblocks',
  },
  Text: { effect: 'Two readers take two root hashes from one text.', reference: settings },
  Places: { effect: 'One reader takes the root hash from here, another from there.', reference: settings },
  Unprotected: {
    effect: 'systemd mounts the image without its hash tree, so that nothing that was verified counts.',
    reference: 'systemd src/shared/dissect-image.c, verity_settings_data_covers()',
  },
  Table: {
    effect: 'What stands beside a GPT image and what it says of itself contradict each other.',
    reference: 'systemd src/shared/dissect-image.c, dissect_image()',
  },
  Tree: {
    effect: 'Data is accepted that has another root hash.',
    reference: 'kernel Documentation/admin-guide/device-mapper/verity.rst',
  },
  Signature: {
    effect: 'A signature is believed that is none, or an honest one is not.',
    reference: 'systemd.exec(5), RootHashSignature=; PKCS7_verify(3)',
  },
};

// Writes the group and its files, and asks the tools that judge them; from the root of the repository:
// node dist/test-vectors/generate/sidecar.js
const directory = join('test-vectors', 'sidecar');
const bench = new JudgeBench();
const complaints: string[] = [];
const files = writeSidecarFiles(directory);
try {
  const group = sidecarGroupShape.parse({
    schema: '../schemas/sidecar.schema.json',
    generator: 'test-vectors/generate/sidecar.ts',
    notes,
    cases: sidecarCases(files).map(toCase),
  });
  writeFileSync(join(directory, 'sidecar.json'), `${JSON.stringify(group, null, 2)}\n`);
  writeFileSync(join('test-vectors', 'schemas', 'sidecar.schema.json'), sidecarSchemaText());
} finally {
  bench.remove();
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  if (complaints.length > 0) process.exitCode = 1;
}

function toCase(draft: SidecarDraft): unknown {
  const inputs: SidecarCase['inputs'] = {
    image: 'erofs.raw.gz',
    verity: 'erofs.verity.gz',
    rootHash: `${files.rootHashes.erofs}\n`,
    usrHash: null,
    rootHashAttribute: null,
    usrHashAttribute: null,
    rootHashSignature: 'erofs.p7s',
    usrHashSignature: null,
    certificate: 'known.pem',
    now: '2027-01-01T00:00:00Z',
    ...draft.edit,
  };
  const { id, comment, flags, refused } = draft;
  const judges = questions(draft, inputs).map((question) => ask(draft, inputs, question));
  const unjudged = judges.length > 0 ? null : 'The tools that could be asked have other subjects.';
  const expect = refused === null ? accepted(inputs) : { verdict: 'refused', ...refused };
  return { id, comment, flags, inputs, expect, judges, unjudged };
}

function accepted(inputs: SidecarCase['inputs']): unknown {
  const name = (inputs.verity ?? inputs.image).replace(/\..*$/, '');
  const form = inputs.verity === null ? 'ddi' : 'sidecar';
  const base = form === 'ddi' ? 'squashfs' : name === 'tree-behind' ? 'erofs' : name;
  const rootHash = form === 'ddi' ? files.rootHashes['gpt'] : files.rootHashes[base];
  return { verdict: 'accepted', code: null, stage: null, form, rootHash, dataBytes: files.dataBytes[base] };
}

/** A question is a judge who has not answered. */
type Question = SidecarJudge extends infer J
  ? J extends SidecarJudge
    ? Omit<J, 'verdict' | 'why'>
    : never
  : never;

/** The tools whose subject a case is. */
function questions({ flags, refused }: SidecarDraft, inputs: SidecarCase['inputs']): readonly Question[] {
  const { rootHash: root, rootHashAttribute, usrHash, verity } = inputs;
  const rootHash = (rootHashAttribute ?? root ?? usrHash ?? '').trim().toLowerCase();
  const signature = inputs.rootHashSignature ?? inputs.usrHashSignature;
  const [stage, code] = [refused?.stage ?? null, refused?.code ?? null];
  const aboutTree = flags.includes('Tree') || stage === null;
  const aboutSignature =
    signature !== null && (stage === null || (stage === 'signature' && code !== 'unsigned'));
  const aboutFiles = !flags.includes('Tree') && (stage !== 'signature' || code === 'unsigned');
  return [
    ...(verity !== null && aboutTree ? [{ tool: 'veritysetup', rootHash } as const] : []),
    ...(aboutSignature ? [{ tool: 'openssl', rootHash, signature } as const] : []),
    ...(aboutFiles ? [{ tool: 'systemd-dissect' } as const] : []),
  ];
}

function ask(draft: SidecarDraft, inputs: SidecarCase['inputs'], question: Question): SidecarJudge {
  const expected = draft.refused === null ? 'accepted' : 'refused';
  const judge = { ...question, verdict: expected, why: null } as const;
  const verdict = judgeSidecars(bench, directory, judge, inputs);
  if (verdict === null) throw new MissingTool(question.tool);
  const why = draft.differs[question.tool] ?? null;
  if ((why === null) !== (verdict === expected))
    complaints.push(`${draft.id}: ${question.tool} says ${verdict}; ${why ?? 'nobody says why'}`);
  return { ...judge, verdict, why: verdict === expected ? null : (why ?? '?') };
}
