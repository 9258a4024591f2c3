/** What systemd appends to an image's path without `.raw` to find verity data beside it (systemd.exec(5), RootVerity=). */
const suffixes = ['.verity', '.roothash', '.usrhash', '.roothash.p7s', '.usrhash.p7s'] as const;

/** Names of the files that would change how systemd opens the image `fileName`, in the same directory. */
export function sidecarNames(fileName: string): string[] {
  const stem = fileName.endsWith('.raw') ? fileName.slice(0, -'.raw'.length) : fileName;
  return suffixes.map((suffix) => `${stem}${suffix}`);
}
