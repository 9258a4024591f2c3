import { Malformed } from '../../bytes/failures.ts';

/** systemd's own limit is 64 MiB; the files of real systems and extensions have a few hundred bytes. */
export const maximumReleaseFileBytes = 64 * 1024;

/**
 * Reads a file of `KEY=VALUE` lines as systemd reads os-release and extension-release: parse_env_file_internal() and
 * load_env_file_push_pairs() in systemd's src/basic/env-file.c, read as of 261.
 *
 * Nearly a shell's syntax, and not quite: `#` and `;` begin a comment at the start of a line only; quotes are quotes only
 * before the first plain character of a value; quoted parts are joined over white space between them; quoted text may
 * go over lines; a backslash takes the next character as it is and joins lines; a byte order mark is part of the first
 * key; what is open at the end of the file is closed there; of a key that is there twice the last value counts. Up to
 * systemd 253 a backslash at the end of a comment made a comment of the next line too: here, as since then, it does not.
 *
 * @returns every pair, in the order in which the keys first come.
 * @throws Malformed naming `field` for what systemd does not take at all: a NUL anywhere, a key or value that is not
 *   UTF-8 or has a noncharacter; and for more than 64 KiB.
 */
export function parseEnvFile(bytes: Uint8Array, field: string): ReadonlyMap<string, string> {
  if (bytes.length > maximumReleaseFileBytes)
    throw new Malformed(field, `is longer than ${maximumReleaseFileBytes} bytes`);
  const nul = bytes.indexOf(0);
  if (nul !== -1) throw new Malformed(field, 'has a NUL byte', nul);
  const reader = new EnvFileReader(field);
  for (const byte of bytes) reader.feed(byte);
  return reader.finish();
}

type State =
  | 'before-key'
  | 'key'
  | 'before-value'
  | 'value'
  | 'value-escape'
  | 'single-quotes'
  | 'double-quotes'
  | 'double-quotes-escape'
  | 'comment'
  | 'comment-escape';

function byteSet(characters: string): ReadonlySet<number> {
  return new Set(Buffer.from(characters, 'latin1'));
}

const newlines = byteSet('\n\r');
const whiteSpace = byteSet(' \t\n\r');
const commentMarks = byteSet('#;');
/** What a backslash in double quotes takes its meaning from; before anything else it stands for itself. */
const escapable = byteSet('"\\`$');
const [newline, equals, backslash, singleQuote, doubleQuote] = Buffer.from('\n=\\\'"', 'latin1');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text that grows byte by byte and may end in white space that does not count. */
class Text {
  #bytes: number[] = [];
  /** How long it is without the white space at its end; null: there is none to take off. */
  #trimmed: number | null = null;

  add(byte: number): void {
    this.#bytes.push(byte);
  }

  addTrimmed(byte: number): void {
    if (!whiteSpace.has(byte)) this.#trimmed = null;
    else this.#trimmed ??= this.#bytes.length;
    this.#bytes.push(byte);
  }

  /** White space before this does count. */
  keep(): void {
    this.#trimmed = null;
  }

  /** What was added since the last time, without the white space at its end that does not count. */
  take(): Uint8Array {
    const bytes = Uint8Array.from(this.#bytes.slice(0, this.#trimmed ?? undefined));
    this.#bytes = [];
    this.#trimmed = null;
    return bytes;
  }
}

/** The machine that systemd's parser is, a byte at a time, so that any file takes time in proportion to its length. */
class EnvFileReader {
  readonly #field: string;
  readonly #pairs = new Map<string, string>();
  readonly #key = new Text();
  readonly #value = new Text();
  #state: State = 'before-key';

  constructor(field: string) {
    this.#field = field;
  }

  feed(byte: number): void {
    this.#state = this.#steps[this.#state](byte);
  }

  finish(): ReadonlyMap<string, string> {
    if (!['before-key', 'key', 'comment', 'comment-escape'].includes(this.#state)) this.#push();
    return this.#pairs;
  }

  readonly #steps: Readonly<Record<State, (byte: number) => State>> = {
    'before-key': (byte) => {
      if (commentMarks.has(byte)) return 'comment';
      if (whiteSpace.has(byte)) return 'before-key';
      // Whatever it is: a line that begins with "=" has a key that does.
      this.#key.add(byte);
      return 'key';
    },
    key: (byte) => {
      if (byte === equals) return 'before-value';
      if (!newlines.has(byte)) {
        this.#key.addTrimmed(byte);
        return 'key';
      }
      this.#key.take();
      return 'before-key';
    },
    'before-value': (byte) => {
      if (newlines.has(byte)) return this.#push();
      if (byte === singleQuote) return 'single-quotes';
      if (byte === doubleQuote) return 'double-quotes';
      if (byte === backslash) return 'value-escape';
      if (whiteSpace.has(byte)) return 'before-value';
      this.#value.add(byte);
      return 'value';
    },
    value: (byte) => {
      if (newlines.has(byte)) return this.#push();
      if (byte !== backslash) {
        this.#value.addTrimmed(byte);
        return 'value';
      }
      this.#value.keep();
      return 'value-escape';
    },
    'value-escape': (byte) => {
      if (!newlines.has(byte)) this.#value.add(byte);
      return 'value';
    },
    'single-quotes': (byte) => {
      if (byte === singleQuote) return 'before-value';
      this.#value.add(byte);
      return 'single-quotes';
    },
    'double-quotes': (byte) => {
      if (byte === doubleQuote) return 'before-value';
      if (byte === backslash) return 'double-quotes-escape';
      this.#value.add(byte);
      return 'double-quotes';
    },
    'double-quotes-escape': (byte) => {
      // A carriage return is no end of line here, alone among all states.
      if (byte === newline) return 'double-quotes';
      if (!escapable.has(byte)) this.#value.add(0x5c);
      this.#value.add(byte);
      return 'double-quotes';
    },
    comment: (byte) => {
      if (byte === backslash) return 'comment-escape';
      return newlines.has(byte) ? 'before-key' : 'comment';
    },
    'comment-escape': (byte) => (newlines.has(byte) ? 'before-key' : 'comment'),
  };

  #push(): State {
    const key = this.#decode(this.#key.take());
    this.#pairs.set(key, this.#decode(this.#value.take()));
    return 'before-key';
  }

  // As utf8_is_valid() in systemd's src/basic/utf8.c, which knows no noncharacters and lets a byte order mark be text.
  #decode(bytes: Uint8Array): string {
    try {
      const text = utf8.decode(bytes);
      if (!/\p{Noncharacter_Code_Point}/u.test(text)) return text;
    } catch {
      // Told as the same failure, below.
    }
    throw new Malformed(this.#field, 'has a key or a value that is not UTF-8');
  }
}
