/** A file of a directory of certificates, as much as decides which of them count. */
export interface DirectoryFile {
  readonly name: string;
  /** It has no bytes, or is a link to /dev/null: it counts for nothing and hides files of its name in later directories. */
  readonly masks: boolean;
}

const maximumFiles = 1000;

/**
 * The certificate files of systemd's verity.d directories, as conf_files_list_nulstr() with the suffix `.crt` finds them:
 * of files of one name that of the earliest directory counts, and a mask counts as none. In the order of their names.
 *
 * @returns directory and name of each; null if there are more than a thousand.
 */
export function findCertificateFiles(
  directories: readonly { readonly path: string; readonly files: readonly DirectoryFile[] }[],
): readonly string[] | null {
  const found = new Map<string, string | null>();
  for (const { path, files } of directories) {
    const listed = files.filter(({ name }) => name.endsWith('.crt') && !name.startsWith('.'));
    for (const { name, masks } of listed)
      if (!found.has(name)) found.set(name, masks ? null : `${path.replace(/\/+$/, '')}/${name}`);
  }
  const names = [...found.keys()].sort();
  return names.length > maximumFiles ? null : names.flatMap((name) => found.get(name) ?? []);
}
