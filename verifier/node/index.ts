/** The library's one room that touches the system: images in files. */
export { type FileSource, openFileSource } from './file-source.ts';
export type { Hashing } from './hashing.ts';
