import { readFileSync } from 'node:fs';

import { type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import type { GuestFiles } from '../payload.ts';
import type { ExtensionClass } from './sample-extension.ts';

/** Who signs images in the cases. */
export interface Signers {
  readonly pki: OpensslPki;
  /** Issued `vendor`; trusted by the policy. */
  readonly authority: Issued;
  /** Trusted by systemd, which asks no authority but wants the very certificate. */
  readonly vendor: Issued;
  /** Trusted by systemd alone. */
  readonly partner: Issued;
  /** Known to neither. */
  readonly stranger: Issued;
}

const ofAuthority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
const ofSigner = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];

/** Gives `use` new keys; they are gone afterwards. */
export async function withSigners<T>(use: (signers: Signers) => Promise<T>): Promise<T> {
  const pki = new OpensslPki();
  try {
    const authority = pki.issue({ subject: '/CN=Vendor CA', extensions: ofAuthority });
    const vendor = pki.issue({ subject: '/CN=Vendor release', issuer: authority, extensions: ofSigner });
    const partner = pki.issue({ subject: '/CN=Partner', extensions: ofSigner });
    const stranger = pki.issue({ subject: '/CN=Stranger', extensions: ofSigner });
    return await use({ pki, authority, vendor, partner, stranger });
  } finally {
    pki.remove();
  }
}

/** What the host may merge; `vendor-ca.pem` is beside it. */
export const policy = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: vm, version: 1 }
trust:
  vendor: { certificates: [vendor-ca.pem] }
rules:
  - name: vendor images
    match: {}
    require: { signedBy: [vendor] }
`;

/**
 * A host on which the vendor may sign extensions: by systemd's configuration, and by Touchstone's policy. Systemd takes a
 * partner's signature too, which the policy does not.
 */
export function hostFiles({ authority, vendor, partner }: Signers): GuestFiles {
  return {
    '/etc/verity.d/vendor.crt': readFileSync(vendor.certificate),
    '/etc/verity.d/partner.crt': readFileSync(partner.certificate),
    '/etc/touchstone/vendor-ca.pem': readFileSync(authority.certificate),
    '/etc/touchstone/policy.yaml': policy,
  };
}

/** Nothing that is not signed, in the words of systemd.image-policy(7). */
export const strictPolicy: Readonly<Record<ExtensionClass, string>> = {
  sysext: 'root=signed+absent:usr=signed+absent',
  confext: 'root=signed+absent',
};

/** Where the cases put extensions. */
export const imageDirectory: Readonly<Record<ExtensionClass, string>> = {
  sysext: '/var/lib/extensions',
  confext: '/var/lib/confexts',
};
