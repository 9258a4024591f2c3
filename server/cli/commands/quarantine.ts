import { z } from 'zod';

import { parseShape } from '../../../verifier/bytes/shape.ts';
import { withHostLock } from '../../host/merge/host-lock.ts';
import { listQuarantine, type QuarantinedImage, restoreQuarantined } from '../../host/quarantined.ts';
import { type ExitCode, exitCodes, fields, jsonText, type Output, printable } from '../output.ts';

const shape = z.object({ root: z.string(), json: z.boolean().default(false) });

/** `touchstone quarantine list`: what was moved out of systemd's sight, and why. */
export async function showQuarantine(raw: object, output: Output): Promise<ExitCode> {
  const { root, json } = parseShape(shape, raw, 'options');
  const images = await listQuarantine(root);
  output.out(
    json ? jsonText(images) : images.length === 0 ? 'nothing is in quarantine\n' : images.map(text).join(''),
  );
  return exitCodes.yes;
}

function text({ path, from, at, masks, reasons }: QuarantinedImage): string {
  const because = reasons.map(({ code, message }): [string, string] => ['because', `${code}: ${message}`]);
  return `${printable(path)}\n${fields([[masks.length > 0 ? 'hides' : 'from', from], ['at', at], ...because], '  ')}`;
}

/** `touchstone quarantine restore`: puts images back; the next gate judges them again. */
export async function restore(paths: readonly string[], raw: object, output: Output): Promise<ExitCode> {
  const { root, json } = parseShape(shape, raw, 'options');
  const restored = await withHostLock(root, async () => {
    const done = [];
    for (const path of paths) done.push(await restoreQuarantined(root, path));
    return done;
  });
  const lines = restored.map(({ path, from }) =>
    printable(`${from} is where systemd looks again, until the next gate has judged it (it was ${path})`),
  );
  output.out(json ? jsonText(restored) : lines.map((line) => `${line}\n`).join(''));
  return exitCodes.yes;
}
