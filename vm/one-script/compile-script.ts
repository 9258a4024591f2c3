// `compile-script.js SCRIPT KEPT`: compiles every function of a script, and keeps that for starts of the same Node.js with the
// options that this one has.
import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const [path = '', kept = ''] = process.argv.slice(2);
setFlagsFromString('--no-lazy');
const script = new Script(readFileSync(path, 'utf8'), { filename: path });
// V8 takes nothing that was kept under other flags than those of the start.
setFlagsFromString('--lazy');
writeFileSync(kept, script.createCachedData());
