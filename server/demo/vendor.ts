import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from '../os/run.ts';

/** Somebody who signs images: an authority's certificate to trust, and a way to sign. */
export interface Vendor {
  /** PEM of the authority's certificate. */
  readonly authority: string;
  /** Detached PKCS#7 over a root hash, with the signing certificate in it, as systemd-repart makes it. */
  readonly sign: (rootHash: string) => Promise<Uint8Array>;
}

const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' ');
const authority =
  '-days 30 -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign'.split(' ');
const release = 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n';

/** Makes an authority and a signing certificate under it with openssl; the keys stay in `directory`. */
export async function makeVendor(directory: string): Promise<Vendor> {
  const path = (name: string): string => join(directory, name);
  const request = ['req', ...newKey];
  await openssl(
    ...request,
    '-x509',
    '-subj',
    '/CN=Vendor CA',
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
    ...authority,
  );
  await openssl(...request, '-subj', '/CN=Vendor release 2026', '-keyout', path('key'), '-out', path('csr'));
  await writeFile(path('extensions'), release);
  const issue = [
    '-CA',
    path('ca.pem'),
    '-CAkey',
    path('ca.key'),
    '-set_serial',
    '1',
    '-extfile',
    path('extensions'),
  ];
  await openssl('x509', '-req', '-in', path('csr'), '-out', path('certificate'), '-days', '30', ...issue);
  return { authority: await readFile(path('ca.pem'), 'utf8'), sign: (rootHash) => sign(path, rootHash) };
}

async function sign(path: (name: string) => string, rootHash: string): Promise<Uint8Array> {
  await writeFile(path('root-hash'), rootHash);
  const by = ['-signer', path('certificate'), '-inkey', path('key'), '-noattr', '-binary'];
  await openssl(
    'smime',
    '-sign',
    ...by,
    '-in',
    path('root-hash'),
    '-outform',
    'der',
    '-out',
    path('signature'),
  );
  return new Uint8Array(await readFile(path('signature')));
}

function openssl(...args: readonly string[]) {
  return run('openssl', args, { timeoutMs: 30_000 });
}
