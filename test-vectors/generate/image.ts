import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { contentEdits } from './image-content-edits.ts';
import { differences } from './image-differences.ts';
import { findParts, type ImageDraft, namedRootHash } from './image-draft.ts';
import type { ImageEdit } from './image-edit.ts';
import { genuineCases } from './image-genuine.ts';
import { type ImageCase, type ImageGroup, imageGroupShape, imageSchemaText } from './image-group.ts';
import { headerEdits } from './image-header-edits.ts';
import { askJudges, whyUnjudged } from './image-judges.ts';
import { madeCases, type MadeCase, refusedKinds } from './image-made.ts';
import { partitionEdits } from './image-partition-edits.ts';
import { signatureEdits } from './image-signature-edits.ts';
import { superblockEdits } from './image-superblock-edits.ts';
import { tableEdits } from './image-table-edits.ts';
import { treeEdits } from './image-tree-edits.ts';
import { JudgeBench } from './judges.ts';
import { knownSigner } from './known-signer.ts';
import { makeDdi } from './make-image.ts';

const notes: ImageGroup['notes'] = {
  Genuine: {
    effect: 'An image as systemd-repart makes it; to refuse it is to refuse honest vendors.',
    reference: 'systemd-repart(8), --make-ddi=',
  },
  Polyglot: {
    effect: 'The file is two images, and systemd mounts the one that is not signed.',
    reference: 'libblkid/src/superblocks; systemd src/shared/dissect-image.c',
  },
  Table: {
    effect: 'Readers of the partition table see different partitions.',
    reference: 'UEFI 2.10 section 5.3; libblkid/src/partitions/gpt.c',
  },
  Partitions: {
    effect: 'systemd passes over a partition, or chooses another than the verifier.',
    reference: 'UAPI.2; systemd src/shared/dissect-image.c',
  },
  SignaturePartition: {
    effect: 'Two parsers read two root hashes or signatures.',
    reference: 'UAPI.2, verity signature partition; RFC 8259 section 4',
  },
  Geometry: {
    effect: 'A tree of another shape is read in the wrong places; to refuse it is to refuse honest images.',
    reference:
      'kernel Documentation/admin-guide/device-mapper/verity.rst; cryptsetup lib/verity/verity_hash.c',
  },
  HashType0: {
    effect:
      'Trees of the older type are refused unless a policy admits them; who admits them has to read them right.',
    reference: 'cryptsetup lib/verity/verity_hash.c; veritysetup(8), --format',
  },
  Superblock: {
    effect: 'The parameters of the hash tree, which nobody signs, change what the root hash means.',
    reference: 'cryptsetup lib/verity/verity.c; veritysetup(8)',
  },
  Corrupt: {
    effect: 'Data is accepted that has another root hash.',
    reference: 'kernel Documentation/admin-guide/device-mapper/verity.rst',
  },
  Identity: {
    effect: 'What was verified is not what systemd mounts.',
    reference: 'UAPI.2: partition UUIDs are halves of the root hash',
  },
};

type Accepted = Extract<ImageCase['expect'], { verdict: 'accepted' }>;
type Sketch = Omit<ImageDraft, 'parts' | 'rootHash'> &
  Pick<ImageCase, 'comment'> & { readonly accepted: Accepted };

// Writes all cases but the genuine ones of image-by-repart.sh, which it reads, and the group; and asks the tools that judge
// them, of which systemd-dissect has to be 254 or newer. From the root of the repository: node dist/test-vectors/generate/image.js
const directory = join('test-vectors', 'image');
const bench = new JudgeBench();
const signer = knownSigner();
const complaints: string[] = [];
try {
  const kept = genuineCases.map(({ id }) => `${id}.raw.gz`);
  for (const name of readdirSync(directory).filter((one) => one.endsWith('.raw.gz') && !kept.includes(one)))
    rmSync(join(directory, name));
  writeFileSync(join(directory, 'known.pem'), signer.pem);
  const sketches = new Map<string, Sketch>();
  const add = (sketch: Sketch): unknown => {
    if (sketches.has(sketch.id)) complaints.push(`${sketch.id} is there twice`);
    return sketches.set(sketch.id, sketch);
  };
  genuineCases.forEach((one) => add(readGenuine(one)));
  const [long, short] = ['sysext-two-levels', 'sysext-x86-64-rsa'].map((id) => dataOf(sketches.get(id)));
  for (const made of [...madeCases, ...refusedKinds])
    add(make(made, long ?? Buffer.of(), short ?? Buffer.of()));
  const edits = [
    ...[...tableEdits, ...headerEdits, ...partitionEdits],
    ...[...contentEdits, ...superblockEdits, ...treeEdits, ...signatureEdits],
  ];
  for (const one of edits) add(edit(one, sketches.get(one.from)));
  const group = imageGroupShape.parse({
    schema: '../schemas/image.schema.json',
    generator: 'test-vectors/generate/image.ts',
    notes,
    cases: [...sketches.values()].map(toCase),
  });
  const given = group.cases.flatMap(({ id, judges }) => judges.map(({ tool }) => `${id} ${tool}`));
  complaints.push(
    ...[...differences.keys()].filter((key) => !given.includes(key)).map((key) => `${key}: not asked`),
  );
  writeFileSync(join(directory, 'image.json'), `${JSON.stringify(group, null, 2)}\n`);
  writeFileSync(join('test-vectors', 'schemas', 'image.schema.json'), imageSchemaText());
} finally {
  bench.remove();
  signer.remove();
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  if (complaints.length > 0) process.exitCode = 1;
}

function readGenuine({ id, comment, certificate, ...expected }: (typeof genuineCases)[number]): Sketch {
  const bytes = gunzipSync(readFileSync(join(directory, `${id}.raw.gz`)));
  const { sectorSize } = expected;
  const accepted = {
    verdict: 'accepted',
    code: null,
    stage: null,
    designator: 'root',
    hashType: 1,
    ...expected,
  } as const;
  const usual = { flags: ['Genuine'], refused: null, signed: true };
  return { ...usual, id, comment, certificate, bytes, sectorSize, accepted };
}

function dataOf(sketch: Sketch | undefined): Buffer {
  const { bytes, accepted } = sketch ?? fail('a genuine image is missing');
  const { offset } = findParts(bytes, 512).data ?? fail('a genuine image has no data');
  return bytes.subarray(offset, offset + accepted.dataBytes);
}

function make(made: MadeCase, long: Buffer, short: Buffer): Sketch {
  const options = made.options(long, short);
  const { architecture = 'x86-64', designator = 'root', sectorSize = 512, data } = options;
  const fingerprint = createHash('sha256').update(new X509Certificate(signer.pem).raw).digest('hex');
  const signatureText = (rootHash: string, cms: Uint8Array) =>
    JSON.stringify({
      ...{ rootHash, certificateFingerprint: fingerprint },
      signature: Buffer.from(cms).toString('base64'),
    });
  const unsigned = made.unsigned === true;
  const { bytes, rootHash } = makeDdi({
    signatureText,
    ...options,
    ...(unsigned ? {} : { sign: signer.sign }),
  });
  const { hashType = 1 } = options.verity ?? {};
  const expected = {
    architecture,
    designator,
    sectorSize,
    hashType,
    dataBytes: data.length,
    rootHash,
  } as const;
  const accepted = { verdict: 'accepted', code: null, stage: null, ...expected } as const;
  const refused = refusedKinds.includes(made) ? ({ code: 'unsupported', stage: 'tree' } as const) : null;
  const { id, comment, flags } = made;
  const certificate = unsigned || refused !== null ? null : 'known.pem';
  return { id, comment, flags, refused, certificate, bytes, sectorSize, signed: !unsigned, accepted };
}

function edit({ id, comment, flags, refused, ...how }: ImageEdit, from: Sketch | undefined): Sketch {
  const original = from ?? fail(`${id} is made from nothing`);
  const bytes = how.edit(Buffer.from(original.bytes));
  if (bytes.equals(original.bytes)) complaints.push(`${id} does not differ from what it is made from`);
  const { sectorSize, signed, accepted } = original;
  return { id, comment, flags, refused, bytes, sectorSize, signed, accepted, certificate: null };
}

function toCase(sketch: Sketch): unknown {
  const { id, comment, flags, refused, bytes, sectorSize, certificate, accepted } = sketch;
  const image = `${id}.raw.gz`;
  if (!flags.includes('Genuine')) writeFileSync(join(directory, image), gzipSync(bytes, { level: 9 }));
  const parts = findParts(bytes, sectorSize);
  const draft = { ...sketch, parts, rootHash: namedRootHash(bytes, parts) ?? accepted.rootHash };
  const certificatePath = certificate === null ? null : join(process.cwd(), directory, certificate);
  const judges = askJudges(bench, draft, certificatePath, (what) => complaints.push(what));
  return {
    ...{ id, comment, flags, inputs: { image, certificate } },
    expect: refused === null ? accepted : { verdict: 'refused', ...refused },
    judges,
    unjudged: judges.length > 0 ? null : whyUnjudged(draft),
  };
}

function fail(what: string): never {
  throw new TypeError(what);
}
