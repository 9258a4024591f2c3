import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

/** Whether `error` is a failed system call with this error number, for example `ENOENT`. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * A failed system call as the user is told of it: what could not be done, and the system's reason in brackets.
 *
 * @param attempt what was tried, for example `read /etc/touchstone/policy.yaml`.
 */
export function systemFailure(attempt: string, error: unknown): CouldNotDecide {
  return error instanceof CouldNotDecide
    ? error
    : new CouldNotDecide(`cannot ${attempt}: ${describe(error)}`);
}

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return sentences.get(code) ?? code;
}

const sentences = new Map([
  ['ENOENT', 'it does not exist'],
  ['ENOTDIR', 'a part of its path is not a directory'],
  ['EISDIR', 'it is a directory'],
  ['EACCES', 'permission denied (run as root?)'],
  ['EPERM', 'not permitted (run as root?)'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the file system is full'],
  ['ELOOP', 'it is a symbolic link, or there are too many of them'],
  ['EXDEV', 'it would have to move to another file system'],
  ['EEXIST', 'it exists already'],
  ['ENOTEMPTY', 'the directory is not empty'],
  ['EIO', 'input/output error'],
  ['EMFILE', 'too many open files'],
]);
