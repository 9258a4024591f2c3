import { readFileSync } from 'node:fs';

import { knownRsaKey } from './known-key.ts';
import { OpensslPki } from './openssl-pki.ts';

export interface KnownSigner {
  /** The certificate. */
  readonly pem: string;
  readonly sign: (content: string) => Uint8Array;
  readonly remove: () => void;
}

/** Signs root hashes as systemd-repart does, with a key that is no secret: for a name the same bytes each time. */
export function knownSigner(name = 'Touchstone test vectors'): KnownSigner {
  const pki = new OpensslPki();
  const key = pki.write(knownRsaKey(name), 'key');
  const issued = pki.issue({
    subject: `/CN=${name}, known key`,
    key: { key, certificate: '', der: Uint8Array.of() },
    extensions: ['subjectKeyIdentifier=hash'],
    serial: '4b',
  });
  return {
    pem: readFileSync(issued.certificate, 'utf8'),
    sign: (content) => pki.sign(content, { signers: [issued] }),
    remove: () => pki.remove(),
  };
}
