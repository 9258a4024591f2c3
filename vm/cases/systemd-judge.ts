import type { Booted } from '../boot.ts';
import { type ExtensionClass } from './sample-extension.ts';
import { imageDirectory, strictPolicy } from './sample-host.ts';

/** What systemd did with one extension that was alone in its directory. */
export interface SystemdVerdict {
  readonly merged: boolean;
  /** What it printed. */
  readonly said: string;
}

/**
 * Has systemd merge what is at some paths of the guest, under the strict image policy, then run `check` while it is merged,
 * and unmerge it.
 */
export async function mergeAlone(
  { run }: Booted,
  extensionClass: ExtensionClass,
  name: string,
  paths: readonly string[],
  check = 'true',
): Promise<SystemdVerdict & { readonly checked: string }> {
  const tool = `systemd-${extensionClass}`;
  const directory = imageDirectory[extensionClass];
  const marker =
    extensionClass === 'sysext' ? '/usr/.systemd-sysext/extensions' : '/etc/.systemd-confext/confexts';
  const { stdout, stderr } = await run(`
    rm -rf ${directory} && mkdir -p ${directory} && cp -a ${paths.join(' ')} ${directory}/
    ${tool} merge --no-reload --image-policy='${strictPolicy[extensionClass]}' >&2
    if grep -qx '${name}' ${marker} 2>/dev/null; then echo merged; fi
    { ${check}; } 2>&1
    ${tool} unmerge --no-reload >/dev/null 2>&1
    rm -rf ${directory}`);
  const merged = stdout.startsWith('merged\n');
  return {
    merged,
    said: withoutKeyring(stderr),
    checked: stdout.slice(merged ? 'merged\n'.length : 0).trim(),
  };
}

// Every signature is tried with the kernel's keyring first, which has no certificate here; that says nothing of the image.
function withoutKeyring(said: string): string {
  return said
    .replaceAll(/^device-mapper: reload ioctl on .* failed: Required key not available$/gm, '')
    .trim();
}

/** What systemd-dissect says of an image under the strict policy. */
export async function validate(
  { run }: Booted,
  extensionClass: ExtensionClass,
  path: string,
): Promise<{ readonly good: boolean; readonly said: string }> {
  const { status, stdout, stderr } = await run(
    `systemd-dissect --validate --image-policy='${strictPolicy[extensionClass]}' ${path}`,
  );
  return { good: status === 0, said: `${stdout}${stderr}`.trim() };
}
