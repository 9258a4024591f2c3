import { resolve } from 'node:path';

import { productDisk } from './product-disk.ts';

// `node make-product-disk.js IMAGE`, before a run of many test files (see productDisk).
const [image] = process.argv.slice(2);
if (image === undefined) throw new TypeError('where to make it is missing');
await productDisk(resolve(image));
