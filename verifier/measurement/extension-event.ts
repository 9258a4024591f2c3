import { digest, digestSizes } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Hex, parseHex, toHex } from '../bytes/hex.ts';
import { contentDigestSize, parseContentAlgorithm } from '../image/content-algorithm.ts';
import { decodeEventField, encodeEventField } from './event-field.ts';

type ExtensionClass = 'sysext' | 'confext';

/** One fact about the extensions of a host, as it is measured into the extension PCR. */
export type ExtensionEvent =
  /** The policy under which the extensions that follow were approved; `sha256` is that of its file. */
  | { readonly type: 'policy'; readonly name: string; readonly version: string; readonly sha256: Hex }
  | {
      readonly type: 'extension';
      readonly class: ExtensionClass;
      readonly name: string;
      /** Empty where the image states none. */
      readonly version: string;
      /** A word of `contentAlgorithmName`. */
      readonly hashAlgorithm: string;
      /** Of the hash tree; without one, the digest of the file or of the directory's tree. */
      readonly rootHash: Hex;
      /** SHA-256 of the signer's certificate. */
      readonly signer: Hex | 'unsigned';
      readonly rule: string;
    }
  /** About to be merged: the `count` extensions before it, by their `setDigest`. */
  | { readonly type: 'set'; readonly class: ExtensionClass; readonly count: number; readonly sha256: Hex }
  /** Confirmed as mounted: the set with that digest. */
  | { readonly type: 'merged'; readonly class: ExtensionClass; readonly sha256: Hex }
  | { readonly type: 'unmerged'; readonly class: ExtensionClass }
  | {
      readonly type: 'violation';
      readonly class: ExtensionClass;
      /** What was wrong, as a reason code. */
      readonly code: string;
      readonly name: string;
      /** As found; empty where none was. */
      readonly rootHash: Hex | '';
    };

/** systemd's log keeps 1,024 bytes of an event; a shorter line is never truncated. */
const lineLimit = 1000;

const prefix = 'touchstone-';

/** Whether a measured text claims to be one of these events; it may still be malformed. */
export function isExtensionEvent(line: string): boolean {
  return line.startsWith(prefix);
}

/**
 * The text of an event, which is what is hashed: `touchstone-<type>:<field>:...`, printable ASCII, shorter than 1,000
 * bytes, its fields as `encodeEventField` writes them.
 *
 * @throws Malformed if the event has no such text: too long, not well-formed Unicode, a digest of a wrong size.
 */
export function encodeExtensionEvent(event: ExtensionEvent): string {
  const line = format(event);
  // What nobody can read back must not be measured: it would spoil the log until the next boot.
  parse(line);
  return line;
}

/**
 * Reads the text of an event. Only the canonical text is accepted: `encodeExtensionEvent` of the result is `line`.
 *
 * @throws Malformed
 */
export function decodeExtensionEvent(line: string): ExtensionEvent {
  const event = parse(line);
  if (format(event) !== line) throw new Malformed('extension event', 'is not in its canonical form');
  return event;
}

/**
 * The digest of a set: SHA-256 over its `touchstone-extension` lines in layer order, lowest first, each followed by one
 * line feed (0x0a). The digest of an empty set is that of no bytes.
 */
export function setDigest(extensionLines: readonly string[]): Hex {
  return toHex(digest('sha256', ...extensionLines.map((line) => `${line}\n`)));
}

function format(event: ExtensionEvent): string {
  return [`${prefix}${event.type}`, ...fieldsOf(event).map(encodeEventField)].join(':');
}

function fieldsOf(event: ExtensionEvent): string[] {
  switch (event.type) {
    case 'policy':
      return [event.name, event.version, event.sha256];
    case 'extension': {
      const { name, version, hashAlgorithm, rootHash, signer, rule } = event;
      return [event.class, name, version, hashAlgorithm, rootHash, signer, rule];
    }
    case 'set':
      return [event.class, String(event.count), event.sha256];
    case 'merged':
      return [event.class, event.sha256];
    case 'unmerged':
      return [event.class];
    case 'violation':
      return [event.class, event.code, event.name, event.rootHash];
  }
}

/** Everything but the canonical form, which is the caller's to compare; fields too many do not come back there. */
function parse(line: string): ExtensionEvent {
  if (line.length >= lineLimit)
    throw new Malformed('extension event', `is not shorter than ${lineLimit} bytes`);
  const [type, ...encoded] = line.split(':');
  const fields = encoded.map(decodeEventField).values();
  return parseFields(type ?? '', () => nextField(fields));
}

function nextField(fields: Iterator<string>): string {
  const field = fields.next();
  if (field.done === true) throw new Malformed('extension event', 'has too few fields');
  return field.value;
}

function parseFields(type: string, next: () => string): ExtensionEvent {
  switch (type) {
    case `${prefix}policy`:
      return { type: 'policy', name: next(), version: next(), sha256: parseSha256(next()) };
    case `${prefix}extension`:
      return parseExtension(next);
    case `${prefix}set`:
      return {
        type: 'set',
        class: parseClass(next()),
        count: parseCount(next()),
        sha256: parseSha256(next()),
      };
    case `${prefix}merged`:
      return { type: 'merged', class: parseClass(next()), sha256: parseSha256(next()) };
    case `${prefix}unmerged`:
      return { type: 'unmerged', class: parseClass(next()) };
    case `${prefix}violation`:
      return {
        type: 'violation',
        class: parseClass(next()),
        code: next(),
        name: next(),
        rootHash: parseFound(next()),
      };
    default:
      throw new Malformed('extension event', 'is of no known type');
  }
}

function parseExtension(next: () => string): ExtensionEvent {
  const [extensionClass, name, version, hashAlgorithm] = [parseClass(next()), next(), next(), next()];
  if (name === '') throw new Malformed('extension event name', 'is empty');
  const algorithm = parseContentAlgorithm(hashAlgorithm);
  if (algorithm === null) throw new Malformed('extension event hash algorithm', 'is not known here');
  const rootHash = parseHex(next(), 'extension event root hash', contentDigestSize(algorithm));
  const signer = parseSigner(next());
  return {
    type: 'extension',
    class: extensionClass,
    name,
    version,
    hashAlgorithm,
    rootHash,
    signer,
    rule: next(),
  };
}

function parseClass(text: string): ExtensionClass {
  if (text === 'sysext' || text === 'confext') return text;
  throw new Malformed('extension event class', 'is neither sysext nor confext');
}

function parseCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new Malformed('extension event count', 'is not a number of extensions');
  return Number(text);
}

function parseSha256(text: string): Hex {
  return parseHex(text, 'extension event digest', digestSizes.sha256);
}

function parseSigner(text: string): Hex | 'unsigned' {
  return text === 'unsigned' ? text : parseHex(text, 'extension event signer', digestSizes.sha256);
}

function parseFound(text: string): Hex | '' {
  return text === '' ? text : parseHex(text, 'extension event root hash');
}
