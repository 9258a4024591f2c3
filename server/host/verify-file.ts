import { basename, dirname, join } from 'node:path';

import { sidecarNames } from '../../verifier/image/sidecar-names.ts';
import { openFileSource } from '../../verifier/node/file-source.ts';
import { reason } from '../../verifier/reasons.ts';
import {
  type ImageName,
  type ImageVerdict,
  refuse,
  verifyImage,
  type VerifyImageOptions,
} from '../../verifier/verify-image.ts';
import { entryExists } from '../os/directory.ts';

/**
 * Verifies the image in a file. The file is opened once and everything is read through that handle, so that what is
 * verified is one file even if its name is given to another meanwhile.
 *
 * @throws CouldNotDecide if the file cannot be read.
 */
export async function verifyFile(
  path: string,
  name: ImageName,
  options: VerifyImageOptions,
): Promise<ImageVerdict> {
  const source = await openFileSource(path);
  try {
    const verdict = await verifyImage(source, name, options);
    return refuse(verdict, await checkNoSidecars(path));
  } finally {
    await source.close();
  }
}

// systemd takes root hash and signature from these files rather than from the image, so a verdict on the image alone
// would be about something else than what is merged.
async function checkNoSidecars(path: string) {
  const directory = dirname(path);
  const found = [];
  for (const sidecar of sidecarNames(basename(path))) {
    if (await entryExists(join(directory, sidecar))) found.push(sidecar);
  }
  return found.map((sidecar) =>
    reason(
      'unsupported',
      `systemd would use ${sidecar} beside the image; images with verity data in files of their own are not handled. Move it away if it is not meant.`,
    ),
  );
}
