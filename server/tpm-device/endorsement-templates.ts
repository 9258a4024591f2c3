import { withPrivateDirectory } from '../os/private-directory.ts';
import { writeDurable } from '../os/durable-file.ts';
import type { ToolDriver } from './tool-driver.ts';

/** A template of the TCG's for endorsement keys, and where key and certificate are kept. */
export interface EndorsementTemplate {
  readonly type: 'ecc' | 'rsa';
  /** NV index of the maker's certificate for the key. */
  readonly certificateIndex: number;
  /**
   * Where the key is kept. The TCG ("TPM v2.0 Provisioning Guidance", section 7.8, and "Registry of Reserved TPM 2.0 Handles and
   * Localities") reserves 0x81010000 to 0x8101ffff for endorsement keys and puts the one of L-1 at 0x81010001; the one of L-2 has
   * its usual place behind it, and those of the high range end in the same byte as the index of their certificate.
   */
  readonly handle: number;
  /** TPMA_OBJECT of the key. */
  readonly attributes: number;
  /**
   * Whether the key may be used by its authorisation value, which is empty, as templates of the high range have it. A key of the low
   * range wants a policy session with the authorisation of the endorsement hierarchy.
   */
  readonly byPassword: boolean;
  /** Makes the key as a transient object and saves its context. */
  readonly make: (driver: ToolDriver, context: string) => Promise<unknown>;
}

type Low = Pick<EndorsementTemplate, 'type' | 'certificateIndex' | 'handle'>;

/** fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt. */
function lowRange(one: Low): EndorsementTemplate {
  return {
    ...{ ...one, attributes: 0x000300b2, byPassword: false },
    make: (driver, context) => driver.runSlow('tpm2_createek', ['-G', one.type, '-c', context]),
  };
}

/** PolicyB of the TCG's: the endorsement hierarchy's authorisation, or a policy in the TPM's NV memory. */
const highPolicies = {
  sha256: 'ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0',
  sha384: 'b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12',
} as const;

const highAttributes =
  'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|adminwithpolicy|restricted|decrypt';

/** @param algorithm in the words of tpm2_createprimary(1); `unique` is empty, as that tool leaves it. */
function highRange(one: Low, hash: keyof typeof highPolicies, algorithm: string): EndorsementTemplate {
  return {
    ...{ ...one, attributes: 0x000300f2, byPassword: true },
    make: (driver, context) =>
      withPrivateDirectory(async (directory) => {
        const policy = `${directory}/policy`;
        await writeDurable(policy, Buffer.from(highPolicies[hash], 'hex'), 0o600);
        const key = ['-C', 'e', '-g', hash, '-G', algorithm, '-a', highAttributes, '-L', policy];
        await driver.runSlow('tpm2_createprimary', [...key, '-c', context]);
      }),
  };
}

/** Templates of the low range (TCG "EK Credential Profile for TPM Family 2.0", annex B.3). */
export const lowTemplates = {
  /** L-2: P-256. */
  ecc: lowRange({ type: 'ecc', certificateIndex: 0x01c0000a, handle: 0x81010002 }),
  /** L-1: RSA-2048. */
  rsa: lowRange({ type: 'rsa', certificateIndex: 0x01c00002, handle: 0x81010001 }),
} as const;

/** All that are known here, in the order in which they are taken: the high range (annex B.4) where the low has no certificate. */
export const endorsementTemplates: readonly EndorsementTemplate[] = [
  lowTemplates.ecc,
  lowTemplates.rsa,
  // H-2, H-3, H-1
  highRange({ type: 'ecc', certificateIndex: 0x01c00014, handle: 0x81010014 }, 'sha256', 'ecc256:aes128cfb'),
  highRange({ type: 'ecc', certificateIndex: 0x01c00016, handle: 0x81010016 }, 'sha384', 'ecc384:aes256cfb'),
  highRange({ type: 'rsa', certificateIndex: 0x01c00012, handle: 0x81010012 }, 'sha256', 'rsa2048:aes128cfb'),
];

/** Whether the endorsement key at a handle is used by its empty authorisation value. */
export function usedByPassword(handle: number): boolean {
  return endorsementTemplates.some((one) => one.handle === handle && one.byPassword);
}
