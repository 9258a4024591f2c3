import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { makeDdi, makeErofs } from '../../test-vectors/generate/make-image.ts';
import { hostArchitecture } from '../os/architecture.ts';
import { makeVendor, type Vendor } from './vendor.ts';

/** A host below a directory, with three images that somebody wants merged. */
export interface SampleHost {
  /** For `--root`. */
  readonly root: string;
  readonly policy: string;
  /** File names below /var/lib/extensions. */
  readonly images: readonly string[];
}

const policyText = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: demo, version: 1 }
trust:
  vendor: { certificates: [vendor-ca.pem] }
rules:
  - name: vendor tools
    match: { class: sysext }
    require: { signedBy: [vendor] }
`;

/**
 * Makes the host: a policy that trusts a vendor's certificate authority, and in /var/lib/extensions an image that the
 * vendor signed, one that nobody signed, and one in which a bit was changed after signing.
 */
export async function makeSampleHost(directory: string): Promise<SampleHost> {
  const root = join(directory, 'host');
  const extensions = join(root, 'var/lib/extensions');
  const configuration = join(root, 'etc/touchstone');
  const keys = join(directory, 'keys');
  for (const path of [extensions, configuration, keys]) await mkdir(path, { recursive: true, mode: 0o700 });
  const vendor = await makeVendor(keys);
  await writeFile(join(configuration, 'vendor-ca.pem'), vendor.authority);
  await writeFile(join(configuration, 'policy.yaml'), policyText);
  await writeFile(join(root, 'etc/os-release'), 'ID=sample\n');
  const images = {
    'signed.raw': await signedImage(vendor, 'signed'),
    'unsigned.raw': makeDdi({ data: sampleData('unsigned'), architecture }).bytes,
    'tampered.raw': flipBit(await signedImage(vendor, 'tampered')),
  };
  for (const [name, bytes] of Object.entries(images)) await writeFile(join(extensions, name), bytes);
  return { root, policy: join(configuration, 'policy.yaml'), images: Object.keys(images) };
}

const architecture = hostArchitecture() === 'arm64' ? 'arm64' : 'x86-64';

// A megabyte, so that the hash tree has levels and --full has something to do.
function sampleData(name: string): Buffer {
  return makeErofs({
    [`usr/lib/extension-release.d/extension-release.${name}`]: 'ID=_any\n',
    [`usr/share/${name}`]: `${name}\n`.repeat(100_000),
  });
}

async function signedImage(vendor: Vendor, name: string): Promise<Buffer> {
  const data = sampleData(name);
  const cms = await vendor.sign(makeDdi({ data, architecture }).rootHash);
  return makeDdi({ data, architecture, sign: () => cms }).bytes;
}

/** Changes one bit somewhere in the middle of the data. */
function flipBit(image: Buffer): Buffer {
  const at = image.length >> 1;
  image[at] = (image[at] ?? 0) ^ 1;
  return image;
}
