import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import type { EntryKind } from '../os/directory.ts';

/** image_name_is_valid() in systemd's src/basic/os-util.c, for names that are UTF-8. */
export function isImageName(name: string): boolean {
  // Exactly what string_has_cc() finds, no more: a name that is passed over here and not by systemd is merged unseen.
  return !['', '.', '..'].includes(name) && !name.startsWith('.#') && !/[\x00-\x1f\x7f]/.test(name);
}

/**
 * The name systemd gives an entry of a search directory, or null for what it ignores: files that do not end in `.raw`,
 * sockets and the like, and names that are not valid. `..sysext` and the like are valid names before systemd 256 only.
 *
 * @param kind of the entry, links followed.
 */
export function extensionName(
  fileName: string,
  extensionClass: ExtensionClass,
  kind: EntryKind,
): string | null {
  return currentName(fileName, extensionClass, kind) ?? formerName(fileName, kind);
}

/** The name since systemd 256 (extract_image_basename() in src/shared/discover-image.c). */
export function currentName(
  fileName: string,
  extensionClass: ExtensionClass,
  kind: EntryKind,
): string | null {
  const stem = withoutFormat(fileName, kind);
  const suffix = `.${extensionClass}`;
  // Only block devices keep the class's suffix in their names.
  const name =
    kind !== 'block-device' && stem?.endsWith(suffix) === true ? stem.slice(0, -suffix.length) : stem;
  return name !== null && isImageName(name) ? name : null;
}

/** The name before systemd 256, which knew no suffixes of classes (image_discover() in src/shared/discover-image.c). */
export function formerName(fileName: string, kind: EntryKind): string | null {
  const stem = withoutFormat(fileName, kind);
  return stem !== null && isImageName(stem) ? stem : null;
}

function withoutFormat(fileName: string, kind: EntryKind): string | null {
  if (kind === 'other') return null;
  if (kind !== 'file') return fileName;
  return fileName.endsWith('.raw') ? fileName.slice(0, -'.raw'.length) : null;
}
