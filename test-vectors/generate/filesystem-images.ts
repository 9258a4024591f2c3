import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const uuid = '00000000-0000-4000-8000-000000000000';

/** A squashfs image of one file, by mksquashfs, the same each time. */
export function makeSquashfs(path: string, content: string): Buffer {
  return inDirectory((tree, image) => {
    const file = join(tree, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, content, { mode: 0o644 });
    const times = ['-mkfs-time', '0', '-all-time', '0'];
    const how = ['-noappend', '-all-root', '-reproducible', '-no-xattrs', '-quiet', '-no-progress'];
    execFileSync('mksquashfs', [tree, image, ...how, ...times], { stdio: 'ignore' });
  });
}

/** An ext4 image without files, by mkfs.ext4, the same each time: what it copies files with takes the time of day along. */
export function makeExt4(): Buffer {
  return inDirectory((_, image) => {
    const owner = ['-E', `hash_seed=${uuid},root_owner=0:0`, '-U', uuid];
    const how = ['-q', '-F', ...owner, '-O', '^has_journal', '-m', '0', '-N', '16', '-b', '4096'];
    execFileSync('mkfs.ext4', [...how, image, '256k'], {
      stdio: 'ignore',
      env: { ...process.env, E2FSPROGS_FAKE_TIME: '1700000000' },
    });
  });
}

function inDirectory(make: (tree: string, image: string) => void): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-filesystem-'));
  try {
    const image = join(directory, 'image');
    make(join(directory, 'tree'), image);
    return readFileSync(image);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
