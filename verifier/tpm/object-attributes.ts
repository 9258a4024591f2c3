import { Malformed } from '../bytes/failures.ts';

/** TPMA_OBJECT: what a TPM lets a key do (TCG "TPM 2.0 Library Part 2", section 8.3). */
export interface ObjectAttributes {
  readonly fixedTPM: boolean;
  readonly stClear: boolean;
  readonly fixedParent: boolean;
  readonly sensitiveDataOrigin: boolean;
  readonly userWithAuth: boolean;
  readonly adminWithPolicy: boolean;
  readonly noDA: boolean;
  readonly encryptedDuplication: boolean;
  readonly restricted: boolean;
  readonly decrypt: boolean;
  readonly sign: boolean;
}

const bit: Readonly<Record<keyof ObjectAttributes, number>> = {
  fixedTPM: 1,
  stClear: 2,
  fixedParent: 4,
  sensitiveDataOrigin: 5,
  userWithAuth: 6,
  adminWithPolicy: 7,
  noDA: 10,
  encryptedDuplication: 11,
  restricted: 16,
  decrypt: 17,
  sign: 18,
};

const knownBits = Object.values(bit).reduce((mask, position) => mask | (1 << position), 0);

/**
 * Reads the 32 attribute bits. Bits that are reserved, or that later revisions gave a meaning (firmwareLimited,
 * svnLimited, x509sign), are refused: what they allow is not known here.
 *
 * @throws Malformed
 */
export function parseObjectAttributes(bits: number): ObjectAttributes {
  const unknown = (bits & ~knownBits) >>> 0;
  if (unknown !== 0)
    throw new Malformed('public area attributes', `has unknown bits 0x${unknown.toString(16)}`);
  const isSet = (attribute: keyof ObjectAttributes): boolean => ((bits >>> bit[attribute]) & 1) === 1;
  return {
    fixedTPM: isSet('fixedTPM'),
    stClear: isSet('stClear'),
    fixedParent: isSet('fixedParent'),
    sensitiveDataOrigin: isSet('sensitiveDataOrigin'),
    userWithAuth: isSet('userWithAuth'),
    adminWithPolicy: isSet('adminWithPolicy'),
    noDA: isSet('noDA'),
    encryptedDuplication: isSet('encryptedDuplication'),
    restricted: isSet('restricted'),
    decrypt: isSet('decrypt'),
    sign: isSet('sign'),
  };
}
