/** Homes, which the endpoint does not see, and what is empty, or everybody's, when units start. */
const unfitPlaces = ['/home', '/root', '/run', '/tmp', '/var/tmp', '/dev', '/proc', '/sys'];

/**
 * Why a path cannot be a word in a unit file that is about a file of the host; null if it can.
 *
 * Everything that has a meaning there is refused rather than escaped: spaces, quotes, `%`, `$`, `\` and `;`
 * (systemd.service(5), "Command lines").
 */
export function whyNoUnitPath(path: string): string | null {
  if (!/^(?:\/[A-Za-z0-9@._+=:,-]+)+$/.test(path) || /\/\.{1,2}(?:\/|$)/.test(path))
    return 'it is not an absolute path of letters, digits and @ . _ + = : , - only';
  const place = unfitPlaces.find((one) => path.startsWith(`${one}/`));
  return place === undefined
    ? null
    : `it is in ${place}, which units do not see, or not yet, or not as it is now`;
}
