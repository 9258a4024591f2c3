import { z } from 'zod';

// Names are measured into the TPM's log, in lines of under 1,000 bytes, and printed on terminals.
const printable = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;
const notPrintable = 'has control characters or others that cannot be printed';

/** A name that people gave: of a policy, a trust set, a rule. */
export const nameWord = z
  .string()
  .min(1, 'is empty')
  .max(64, 'is longer than 64 characters')
  .regex(printable, notPrintable);

/** A path of a file or a directory. */
export const pathWord = z
  .string()
  .min(1, 'is empty')
  .max(4095, 'is longer than a path can be')
  .regex(printable, notPrintable);

export const sha256Word = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lowercase hexadecimal without colons');

export const rootHashWord = z
  .string()
  .regex(/^(?:[0-9a-f]{64}|[0-9a-f]{128})$/, 'is not a root hash in lowercase hexadecimal');

/** Labels of hosts, as Kubernetes has them: short enough to read, nothing that YAML or a shell takes for something else. */
export const labelWord = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/,
    'is not 1 to 63 letters, digits, ".", "_", "/" and "-", with a letter or digit at both ends',
  );
