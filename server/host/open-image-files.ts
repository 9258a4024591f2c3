import type { ImageFiles } from '../../verifier/check-content.ts';
import { openFileSource } from '../../verifier/node/file-source.ts';
import { type FileIdentity, toFileIdentity } from '../os/file-identity.ts';
import { type ImagePath, openSidecars } from './read-sidecars.ts';

/** An image and what lies beside it, open. */
export interface OpenImageFiles extends ImageFiles {
  readonly identity: FileIdentity;
  readonly close: () => Promise<void>;
}

/**
 * Opens an image with what lies beside it. Each file is opened once and everything is read through that handle, so that
 * what is verified is one file even if its name is given to another meanwhile.
 *
 * @throws CouldNotDecide if a file cannot be opened.
 */
export async function openImageFiles(path: ImagePath): Promise<OpenImageFiles> {
  const image = await openFileSource(path.target);
  try {
    const sidecars = await openSidecars(path);
    const close = async (): Promise<void> => {
      await image.close();
      await sidecars.hashTree?.close();
    };
    return { image, sidecars, identity: toFileIdentity(image.status), close };
  } catch (error) {
    await image.close();
    throw error;
  }
}
