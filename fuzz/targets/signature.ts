import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { signatureGroupShape } from '../../test-vectors/generate/signature-group.ts';
import { parseHex } from '../../verifier/bytes/hex.ts';
import { parseCertificates } from '../../verifier/trust/certificate.ts';
import { verifyRootHashSignature } from '../../verifier/trust/root-hash-signature.ts';
import type { Target } from '../target.ts';

const directory = join('test-vectors', 'signature');
const read = (name: string) => readFileSync(join(directory, name));

/** PKCS#7 messages, each judged with the anchors of the vector that it was made from. */
export function signatureTarget(): Target {
  const { cases } = signatureGroupShape.parse(JSON.parse(read('signature.json').toString('utf8')));
  const judges = cases.map(({ inputs }) => {
    const rootHash = parseHex(inputs.rootHash, 'root hash');
    const now = new Date(inputs.now);
    const anchors = inputs.anchors.map((set) => ({
      ...set,
      certificates: set.certificates.flatMap((name) => parseCertificates(read(name), name)),
      revocationLists: null,
    }));
    return (cms: Uint8Array): string | null => {
      const verdict = verifyRootHashSignature(rootHash, cms, anchors, now);
      if (!verdict.signed) return null;
      const signers = verdict.signature.signers.map(
        ({ certificate, trustedBy }) => `${certificate.sha256} of ${[...trustedBy.keys()].join()}`,
      );
      return `${rootHash} by ${signers.join(' and ')}`;
    };
  });
  const seeds = cases.map(({ inputs }) => read(inputs.signature));
  return {
    name: 'signature',
    seeds,
    meanings: new Set(judges.flatMap((judge, index) => judge(seeds[index] ?? new Uint8Array()) ?? [])),
    run: (mutant, seed) => judges[seed]?.(mutant) ?? null,
  };
}

/** Certificates on their own: they come from policies and out of messages. */
export function certificateTarget(): Target {
  const { cases } = signatureGroupShape.parse(JSON.parse(read('signature.json').toString('utf8')));
  const names = new Set(cases.flatMap(({ inputs }) => inputs.anchors.flatMap((set) => set.certificates)));
  return {
    name: 'certificate',
    seeds: [...names].map(read),
    meanings: null,
    run: (mutant) =>
      parseCertificates(mutant, 'certificate')
        .map(({ subject }) => subject)
        .join(),
  };
}
