import { join } from 'node:path';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { chaseInRoot } from '../os/chase.ts';
import { kindOf } from '../os/directory.ts';
import { isExecutable, whoCanReplace } from '../os/trusted-place.ts';
import { whyNoUnitPath } from './unit-path.ts';

/** Touchstone as units start it: by two absolute paths below the root of the host, with no symbolic link in them. */
export interface Program {
  /** Node.js. */
  readonly node: string;
  /** The script that is the command. */
  readonly main: string;
}

const nodePlaces = ['/usr/local/bin/node', '/usr/bin/node'];
const commandPlaces = ['/usr/local/bin/touchstone', '/usr/bin/touchstone'];

/**
 * What the units of a host will start. Root runs it before anything else is up, so that nobody else may be able to put
 * something in its place, nor may it be where nothing is yet, or nothing is seen, when a unit starts.
 *
 * @param own what runs now. It is what the host itself gets; another root must have its own.
 * @throws CouldNotDecide if there is none, or it is not fit to be started by root.
 */
export async function findProgram(root: string, own: Program): Promise<Program> {
  const base = (await chaseInRoot(root, '/')) ?? root;
  const program =
    base === '/'
      ? own
      : {
          node: await findBelow(root, base, nodePlaces, 'Node.js'),
          main: own.main.startsWith(`${base}/`)
            ? own.main.slice(base.length)
            : await findBelow(root, base, commandPlaces, 'Touchstone'),
        };
  if (!(await isExecutable(join(base, program.node))))
    throw new CouldNotDecide(`${program.node} is not an executable file`);
  if ((await kindOf(join(base, program.main))) !== 'file')
    throw new CouldNotDecide(`${program.main} is not a regular file`);
  for (const path of [program.node, program.main]) await checkPlace(root, path);
  return program;
}

async function findBelow(
  root: string,
  base: string,
  places: readonly string[],
  what: string,
): Promise<string> {
  for (const place of places) {
    const found = await chaseInRoot(root, place);
    if (found !== null) return found.slice(base.length);
  }
  throw new CouldNotDecide(`there is no ${what} below ${root}: neither ${places.join(' nor ')}`);
}

async function checkPlace(root: string, path: string): Promise<void> {
  const unfit = whyNoUnitPath(path) ?? (await whoCanReplace(root, path));
  if (unfit !== null)
    throw new CouldNotDecide(
      `units of root cannot start ${path}: ${unfit}; install it below /usr/local, for example by npm install --global of a packed file`,
    );
}
