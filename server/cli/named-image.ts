import { resolve } from 'node:path';

import {
  type ImageName,
  type ImageVerdict,
  refuse,
  type VerifyImageOptions,
} from '../../verifier/image-verdict.ts';
import { type Reason, reason } from '../../verifier/reasons.ts';
import { type ClassHint, nameImage } from '../host/name-image.ts';
import { pickPath } from '../host/pick-path.ts';
import { verifyPath } from '../host/verify-path.ts';
import { followLinks } from './follow-links.ts';

/** An image that the user named, or that is in a directory that the user named. */
export interface NamedImage {
  /** As the user would name it; of a versioned directory, the version that systemd would take. */
  readonly path: string;
  readonly name: ImageName;
  /** On this system, as the entry is called and as links lead to it. */
  readonly entry: string;
  readonly target: string;
  /** Why it is refused whatever is in it. */
  readonly problems: readonly Reason[];
}

/**
 * Finds what a path on the command line means.
 *
 * @param hint the class, if the user said one.
 * @throws CouldNotDecide if there is no such image.
 */
export async function findNamedImage(given: string, hint: ClassHint | undefined): Promise<NamedImage> {
  const path = await pickPath(given, nameImage(given, hint).name.class);
  const { name, conflict } = nameImage(path, hint);
  const entry = resolve(path);
  const problems = conflict === null ? [] : [reason('wrong-class', conflict)];
  return { path, name, entry, target: await followLinks(entry), problems };
}

/** The verdict on it, with what speaks against it before it is opened. @throws CouldNotDecide if it cannot be read. */
export async function verifyNamed(
  { name, entry, target, problems }: NamedImage,
  options: VerifyImageOptions,
): Promise<ImageVerdict> {
  return refuse(await verifyPath({ root: '/', entry, target }, name, options), problems);
}
