import { digest } from '../bytes/digest.ts';
import { type Hex, parseHex, toHex } from '../bytes/hex.ts';
import { issuerAndSerial } from '../policy/certificate-identifiers.ts';
import {
  type AcceptedVersion,
  type ImageFacts,
  noSignatureFacts,
  type SignatureFacts,
  type SignerFacts,
} from '../policy/facts.ts';
import { reason } from '../reasons.ts';
import type { ImageDescription } from './policy-test-schema.ts';

/** The facts of an image that is only described. What the description leaves out is as it is with most images. */
export function describedFacts(image: ImageDescription, accepted: AcceptedVersion): ImageFacts {
  const hasTree = image.form === 'ddi' || image.form === 'sidecar';
  const content = image.rootHash ?? image.digest?.slice('sha256:'.length);
  return {
    ...{ class: image.class, name: image.name, form: image.form, accepted },
    architecture: image.architecture ?? null,
    // An image that was read and says nothing has no version, and rules that ask for one refuse it.
    version: image.version ?? '',
    rootHash: content === undefined ? madeUp('content') : parseHex(content, 'describe'),
    hashType: hasTree ? (image.hashType ?? 1) : null,
    signature: describedSignature(image),
  };
}

type SignerDescription = NonNullable<ImageDescription['signers']>[number];

function describedSignature({ form, signedBy, certificates, signers }: ImageDescription): SignatureFacts {
  const described = signers ?? (signedBy === undefined ? null : [{ signedBy, certificates }]);
  if (described === null)
    return noSignatureFacts(reason('unsigned', `The ${form} is described without a signature.`));
  // As with real signatures: one signer whom nobody knows, and the message counts for nothing.
  if (described.some((one) => one.signedBy.length === 0))
    return noSignatureFacts(
      reason('signer-untrusted', 'It is described with a signer whom no trust set vouches for.'),
    );
  return { signers: described.map(describedSigner), reasons: [] };
}

function describedSigner({ signedBy, certificates = [] }: SignerDescription, index: number): SignerFacts {
  const chain = certificates.map(
    ({ sha256, issuer = '', serial = '' }) => sha256 ?? issuerAndSerial({ issuer, serial }),
  );
  return {
    sha256: madeUp(`signer ${index}`),
    key: madeUp(`key ${index}`),
    trustedBy: new Map(signedBy.map((set) => [set, chain])),
    distrustedBy: new Map(),
  };
}

// Nothing that a policy lists or revokes by chance.
function madeUp(what: string): Hex {
  return toHex(digest('sha256', Buffer.from(`touchstone policy test: ${what}`)));
}
