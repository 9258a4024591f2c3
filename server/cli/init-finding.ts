import type { Admissible } from '../../verifier/authoring/init-admissible.ts';
import { findAdmission, namesakeReason } from '../../verifier/authoring/init-admission.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { type Reason, reason } from '../../verifier/reasons.ts';
import type { Certificate } from '../../verifier/trust/certificate.ts';
import { judgePath } from '../host/verify-path.ts';
import { now } from '../os/clock.ts';
import type { NamedImage } from './named-image.ts';
import type { Output } from './output.ts';
import { makeProgress } from './progress.ts';

/** What a policy can admit an image by, or why none can; not `decided`: it could not be read. */
export interface InitFinding {
  readonly image: NamedImage;
  readonly found: Admissible | { readonly reasons: readonly Reason[]; readonly decided: boolean };
}

/**
 * Finds what one of the images of a directory can be admitted by. Its whole content is read.
 *
 * @param listed all of them.
 * @param certificates that signers may have besides those in their messages.
 */
export async function findImage(
  image: NamedImage,
  listed: readonly NamedImage[],
  certificates: readonly Certificate[],
  output: Output,
): Promise<InitFinding> {
  const problems = [...image.problems, ...checkNamesakes(image, listed)];
  if (problems.length > 0) return { image, found: { reasons: problems, decided: true } };
  const { entry, target, name, path } = image;
  const progress = makeProgress(path, output);
  try {
    const reading = { full: true, onProgress: progress.show };
    const found = await judgePath({ root: '/', entry, target }, name, reading, (read) =>
      findAdmission(read, { now: now(), certificates }),
    );
    return { image, found: 'signers' in found ? found : { reasons: found, decided: true } };
  } catch (error) {
    if (!(error instanceof CouldNotDecide)) throw error;
    return { image, found: { reasons: [reason('unreadable', error.message)], decided: false } };
  } finally {
    progress.clear();
  }
}

function checkNamesakes(image: NamedImage, listed: readonly NamedImage[]): readonly Reason[] {
  const { class: extensionClass, name } = image.name;
  const others = listed.filter(
    (other) => other !== image && other.name.class === extensionClass && other.name.name === name,
  );
  return others.length === 0
    ? []
    : [
        namesakeReason(
          image.name,
          others.map(({ path }) => path),
        ),
      ];
}
