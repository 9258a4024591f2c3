import { Malformed, Unsupported } from './bytes/failures.ts';
import { checkContent, type ImageFiles, openOrRefuse } from './check-content.ts';
import type { Image } from './image/image.ts';
import { readImageRelease } from './image-release.ts';
import type { ImageContent, ImageName, ImageRelease } from './image-verdict.ts';
import { type Reason, reason } from './reasons.ts';
import { type Certificate, parseCertificate } from './trust/certificate.ts';
import { parseSignedData, type SignedData } from './trust/cms.ts';

/** What an image says of itself. Nobody's signature was verified, so all of it is only a claim. */
export interface Inspection {
  /** Null if it cannot be opened. */
  readonly image: Image | null;
  readonly content: ImageContent | null;
  readonly message: InspectedMessage | null;
  /** Read from data that has the root hash which the image names for itself. */
  readonly release: ImageRelease | null;
  /** What does not fit together, and would be refused whoever had signed it. */
  readonly problems: readonly Reason[];
}

/** A PKCS#7 message and the certificates in it. */
export interface InspectedMessage {
  readonly signers: SignedData['signers'];
  readonly certificates: readonly Certificate[];
}

/**
 * Opens an image and says what is in it, with no policy and no verdict.
 *
 * @throws CouldNotDecide if it cannot be read.
 */
export async function inspectImage(files: ImageFiles, name: ImageName): Promise<Inspection> {
  const image = await openOrRefuse(files);
  if ('code' in image) return { image: null, content: null, message: null, release: null, problems: [image] };
  const checked = await checkContent(image, files.image, { full: false });
  const message = readMessage(image);
  const release =
    checked.data === null
      ? { release: null, reasons: [] }
      : await readImageRelease(checked.data, name, image.designator, null);
  return {
    ...{ image, content: checked.content, message: message.message, release: release.release },
    problems: [...checked.reasons, ...message.reasons, ...release.reasons],
  };
}

function readMessage({ signature }: Image): { message: InspectedMessage | null; reasons: readonly Reason[] } {
  if (signature === null) return { message: null, reasons: [] };
  try {
    const { signers, certificates } = parseSignedData(signature.cms);
    const parsed = certificates.map((der) => parseCertificate(der, 'embedded certificate'));
    return { message: { signers, certificates: parsed }, reasons: [] };
  } catch (error) {
    if (!(error instanceof Malformed || error instanceof Unsupported)) throw error;
    return { message: null, reasons: [reason(error.code, `${error.message}.`)] };
  }
}
