import { run } from '../server/os/run.ts';

/** Room beyond what is in the directory, for the file system's own structures. */
const spareMiB = 16;

/** Makes a sparse ext4 image of a directory. Files belong to root. @throws CouldNotDecide if it fails. */
export async function makeDisk(directory: string, image: string): Promise<void> {
  const { stdout } = await run('du', ['-s', '--block-size=1M', directory], { timeoutMs: 60_000 });
  const used = Number.parseInt(Buffer.from(stdout).toString('latin1'), 10);
  const size = Math.ceil(used * 1.25) + spareMiB;
  const features = ['-O', '^has_journal', '-E', 'root_owner=0:0,lazy_itable_init=0'];
  await run('mke2fs', ['-q', '-t', 'ext4', '-F', ...features, '-d', directory, image, `${size}M`], {
    timeoutMs: 120_000,
  });
}
