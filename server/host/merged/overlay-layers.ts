import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { unescapeMount } from './mount-table.ts';

/** What an overlay is made of. */
export interface OverlayLayers {
  /** Topmost first, as overlayfs lists them. */
  readonly lower: readonly string[];
  /** Where writes go; null: nowhere. */
  readonly upper: string | null;
}

/**
 * The layers that the options of an overlay name (Documentation/filesystems/overlayfs.rst): `lowerdir=a:b`, where a colon or
 * a backslash that is part of a path stands behind a backslash; or since Linux 6.8 one `lowerdir+=a` each.
 *
 * @param options as `parseMountInfo` gives them.
 */
export function overlayLayers(options: string): OverlayLayers {
  const lower: string[] = [];
  let upper: string | null = null;
  for (const option of options.split(',')) {
    const at = option.indexOf('=');
    const value = unescapeMount(option.slice(at + 1));
    switch (option.slice(0, at)) {
      case 'lowerdir':
        lower.push(...splitPaths(value));
        break;
      case 'lowerdir+':
      case 'datadir+':
        lower.push(value);
        break;
      case 'upperdir':
        upper = value;
        break;
    }
  }
  return { lower, upper };
}

function splitPaths(text: string): string[] {
  const paths: string[] = [];
  let path = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === ':') {
      paths.push(path);
      path = '';
    } else path += character === '\\' ? text.charAt(++i) : character;
  }
  return [...paths, path];
}

/** The layers of one hierarchy, told apart. */
export interface HierarchyLayers {
  /** Of the extensions, lowest layer first. */
  readonly names: readonly string[];
  /** Layers that are neither of extensions, nor systemd's own at the top, nor the host's at the bottom; topmost first. */
  readonly others: readonly string[];
}

/**
 * Which layer is whose. systemd mounts extensions at /run/systemd/sysext/extensions/NAME, in a mount namespace of its own,
 * and stacks the hierarchy's directory of each (merge_hierarchy() in its src/sysext/sysext.c); confexts are in
 * /run/systemd/sysext/confexts too, and newer versions have /run/systemd/confext for them.
 *
 * @param hierarchy as a path of this system, for example `/usr`: the host's own layer.
 */
export function tellLayers(
  lower: readonly string[],
  extensionClass: ExtensionClass,
  hierarchy: string,
): HierarchyLayers {
  const [top = '', ...below] = lower;
  const layers = below.at(-1) === hierarchy ? below.slice(0, -1) : below;
  const found = layers.map((path) => ({ path, name: layerName(path, extensionClass) }));
  const others = found.filter(({ name }) => name === null).map(({ path }) => path);
  return {
    names: found.flatMap(({ name }) => (name === null ? [] : [name])).reverse(),
    others: metaPath.test(top) ? others : [top, ...others],
  };
}

const metaPath = /^\/run\/systemd\/(?:sysext|confext)\/meta\//;
const layerPath = {
  sysext: /^\/run\/systemd\/sysext\/extensions\/([^/]+)\/./,
  confext: /^\/run\/systemd\/(?:sysext|confext)\/(?:confexts|extensions)\/([^/]+)\/./,
} as const;

function layerName(path: string, extensionClass: ExtensionClass): string | null {
  return layerPath[extensionClass].exec(path)?.[1] ?? null;
}
