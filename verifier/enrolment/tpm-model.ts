import { Malformed } from '../bytes/failures.ts';
import type { Certificate } from '../trust/certificate.ts';

/** What kind of TPM a certificate is for. */
export interface TpmModel {
  /** As in the TCG's "Vendor ID Registry", in hexadecimal: `id:` and four bytes of ASCII. */
  readonly manufacturer: string;
  readonly model: string;
  readonly version: string;
}

const attributeTypes = {
  manufacturer: '2.23.133.2.1',
  model: '2.23.133.2.2',
  version: '2.23.133.2.3',
} as const satisfies Record<keyof TpmModel, string>;

/**
 * The model of the TPM that an endorsement certificate names, in a directory name among its alternative names (TCG "EK
 * Credential Profile for TPM Family 2.0", section 3.1.2). Some makers write the three attributes into one relative name, some
 * into three.
 *
 * @throws Malformed naming `field` where it does not name one of the three exactly once.
 */
export function readTpmModel({ alternativeNames }: Certificate, field: string): TpmModel {
  const attributes = alternativeNames.flatMap((name) => (name.form === 'directory' ? name.name.flat() : []));
  const find = (what: keyof TpmModel): string => {
    const [found, ...more] = attributes.filter(({ type }) => type === attributeTypes[what]);
    if (typeof found?.text !== 'string' || more.length > 0)
      throw new Malformed(field, `does not name the ${what} of a TPM`);
    // It goes to terminals and into records.
    if (!/^[ -~]{1,64}$/.test(found.text))
      throw new Malformed(field, `has a ${what} of the TPM that is not short, plain text`);
    return found.text;
  };
  return { manufacturer: find('manufacturer'), model: find('model'), version: find('version') };
}
