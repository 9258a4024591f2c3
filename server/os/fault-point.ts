/**
 * Stands before each system call that changes the state of the host or of the TPM. It does nothing.
 *
 * It is imported as `#fault-point`, which package.json resolves to this file unless Node.js runs with
 * `--conditions=touchstone-fault-injection`: then to one that kills the process at a point of the caller's choice
 * (tests/fault-point.ts, which is not in the package).
 *
 * @param name what comes next, for example `rename`.
 */
export const faultPoint: (name: string) => void = () => undefined;
