import type { Warning } from './warning.ts';

/** Something wrong with the name of a file beside an image. */
export interface NameFinding {
  readonly code: Extract<Warning['code'], 'ignored-sidecar' | 'unsigned-sidecar'>;
  readonly name: string;
  readonly message: string;
  /** The image that it was meant for, as far as names tell. */
  readonly image: string | null;
}

/** Root hashes that an image carries in its extended attributes rather than in files beside it. */
export type AttributeHashes = ReadonlySet<'root' | 'usr'>;

/**
 * What systemd makes of the sidecars in a directory, by their names alone (verity_settings_load() and
 * build_auxiliary_path() in systemd's src/shared/dissect-image.c): it takes `.raw` off the image's name and appends a suffix.
 *
 * @param names all names in the directory.
 * @param hashesOf the root hashes in the extended attributes of an image.
 */
export function lintSidecarNames(
  names: readonly string[],
  hashesOf: (image: string) => AttributeHashes = () => new Set(),
): NameFinding[] {
  const all = new Set(names);
  return names.flatMap((name) => {
    const sidecar = parseSidecarName(name);
    if (sidecar === null) return [];
    const image = `${sidecar.base}.raw`;
    return sidecar.suffix !== '.p7s' && all.has(image)
      ? lintUse({ ...sidecar, name, image }, all, hashesOf(image))
      : [lintMisnamed({ ...sidecar, name }, all)];
  });
}

/** Whether it is the name of a sidecar, be it one that systemd looks for or not. */
export function isSidecarName(name: string): boolean {
  return parseSidecarName(name) !== null;
}

interface SidecarName {
  readonly base: string;
  readonly suffix: string;
}

function parseSidecarName(name: string): SidecarName | null {
  const [, base, suffix] =
    /^(.+?)(\.verity|\.roothash|\.usrhash|\.roothash\.p7s|\.usrhash\.p7s|\.p7s)$/s.exec(name) ?? [];
  return base === undefined || suffix === undefined ? null : { base, suffix };
}

type Named = SidecarName & { readonly name: string };

/** A sidecar that systemd finds: does it use it, and is it enough? */
function lintUse(
  { base, suffix, name, image }: Named & { readonly image: string },
  all: ReadonlySet<string>,
  attributes: AttributeHashes,
): NameFinding[] {
  const has = (kind: 'root' | 'usr'): boolean => attributes.has(kind) || all.has(`${base}.${kind}hash`);
  const used = has('root') ? 'root' : has('usr') ? 'usr' : null;
  const ignored = (message: string): NameFinding[] => [{ code: 'ignored-sidecar', name, image, message }];
  if (suffix === '.verity') {
    if (used !== null) return [];
    return ignored(
      `${image} has no root hash beside it, so nothing is verified with this hash tree: put the root hash into ${base}.roothash.`,
    );
  }
  const mine = suffix.startsWith('.root') ? 'root' : 'usr';
  if (used === null)
    return ignored(
      `${image} has no root hash beside it, so systemd does not look at this signature: put the root hash into ${base}.${mine}hash.`,
    );
  if (used !== mine)
    return ignored(`systemd takes the ${used}hash of ${image} and does not look at this file.`);
  if (suffix.endsWith('.p7s') || all.has(`${base}.${mine}hash.p7s`)) return [];
  const message = `This root hash is not signed, so that systemd merges ${image} only if its image policy admits unsigned images: there is no ${name}.p7s.`;
  return [{ code: 'unsigned-sidecar', name, image, message }];
}

function lintMisnamed({ base, suffix, name }: Named, all: ReadonlySet<string>): NameFinding {
  const ending = suffix === '.p7s' ? '.roothash.p7s' : suffix;
  // NAME.raw.roothash; NAME.p7s; NAME.roothash beside NAME.sysext.raw; a sidecar of a directory or of NAME.img
  const meant = [base, `${base}.raw`, `${base}.sysext.raw`, `${base}.confext.raw`].find((image) =>
    all.has(image),
  );
  const image = meant ?? null;
  const what =
    image === null
      ? `systemd looks at it only beside an image named ${base}.raw, which is not here.`
      : image.endsWith('.raw')
        ? `systemd does not look for this name: for ${image} it would have to be ${image.slice(0, -'.raw'.length)}${ending}.`
        : `systemd looks for sidecars of files that end in .raw only, not of ${image}.`;
  return { code: 'ignored-sidecar', name, image, message: what };
}
