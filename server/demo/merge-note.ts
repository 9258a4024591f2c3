import { readFile } from 'node:fs/promises';

/**
 * One line about what was not done: this version leaves the merge to systemd. Where the kernel could not mount a signed
 * image either, it says what is missing.
 */
export async function mergeNote(): Promise<string> {
  const devices = await readFile('/proc/devices', 'utf8');
  const fileSystems = await readFile('/proc/filesystems', 'utf8');
  const missing = [
    ...(/\bdevice-mapper$/m.test(devices) ? [] : ['device-mapper']),
    ...['overlay', 'erofs'].filter((name) => !new RegExp(`\\b${name}$`, 'm').test(fileSystems)),
  ];
  const able =
    missing.length === 0
      ? ''
      : ` This machine's kernel has no ${missing.join(', ')} loaded, so nothing could be mounted here.`;
  return `\nNothing was merged: the gate measures before the merge, and systemd-sysext merges.${able}`;
}
