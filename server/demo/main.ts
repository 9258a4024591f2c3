import { parseArgs } from 'node:util';

import { demonstrate } from './demonstrate.ts';
import { hardwareSetting, softwareSetting } from './setting.ts';

const usage = `npm start -- [--once] [--tpm]
  --once  end after the appraisal instead of going on serving
  --tpm   use the TPM at /dev/tpmrm0; otherwise a software TPM is started
`;

/** `npm start`: the main job on one machine, with sample images. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { once: { type: 'boolean' }, tpm: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const setting = values.tpm === true ? await hardwareSetting() : await softwareSetting();
  try {
    return await demonstrate(setting, values.once ?? false);
  } finally {
    await setting.leave();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`touchstone: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 3;
}
