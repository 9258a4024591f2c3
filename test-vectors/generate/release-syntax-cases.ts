import { accepted, directories, fitting, refused, type UnjudgedCase } from './release-case.ts';

const incompatible = 'match incompatible';
const malformed = 'find malformed';
const unused = 'systemd does nothing with the version of an extension.';

/** How the text of a release file is read, and what version of itself it tells. */
export const syntaxCases: readonly UnjudgedCase[] = [
  accepted('double-quotes', 'values in double quotes', 'Quotes', { file: 'ID="debian"\nVERSION_ID="13"\n' }),
  accepted('single-quotes', 'values in single quotes', 'Quotes', { file: "ID='debian'\nVERSION_ID='13'\n" }),
  accepted('quotes-joined', 'quoted parts are one value', 'Quotes', {
    file: 'ID="deb" \'ia\'n\nVERSION_ID=13\n',
  }),
  accepted('quotes-lines', 'a quoted value has lines that look like pairs', 'Quotes', {
    file: 'NOTE="\nID=fedora\n"\nID=debian\nVERSION_ID=13\nLAST=\'\nID=fedora\n\'\n',
  }),
  accepted('quotes-open', 'a quote is open at the end', 'Quotes', { file: 'VERSION_ID=13\nID="debian' }),
  refused('quotes-swallow', 'an open quote takes the rest of the file', 'Quotes', incompatible, {
    file: 'NOTE="\nID=debian\nVERSION_ID=13\n',
  }),
  refused('quotes-late', 'quotes after the first character are characters', 'Quotes', incompatible, {
    file: 'ID=deb"ian"\nVERSION_ID=13\n',
  }),
  refused('quotes-space', 'space at the end of a quoted value counts', 'Quotes', incompatible, {
    file: 'ID="debian "\nVERSION_ID=13\n',
  }),
  accepted('escape', 'a backslash before any character', 'Escapes', { file: 'ID=deb\\ian\nVERSION_ID=13\n' }),
  accepted('escape-first', 'a backslash before the first character', 'Escapes', {
    file: 'ID=\\debian\nVERSION_ID=\\\n13\n',
  }),
  accepted('escape-line', 'a backslash joins two lines', 'Escapes', {
    file: 'ID=deb\\\nian\nVERSION_ID=13\n',
  }),
  accepted('escape-line-quoted', 'a backslash joins two lines in quotes', 'Escapes', {
    file: 'ID="deb\\\nian"\nVERSION_ID=13\n',
  }),
  accepted('escape-quoted', 'a backslash before $ in quotes', 'Escapes', {
    file: 'ID=debian\nVERSION_ID="1\\$3"\n',
    osRelease: "ID=debian\nVERSION_ID='1$3'\n",
  }),
  refused('escape-quoted-other', 'a backslash before a letter in quotes stays', 'Escapes', incompatible, {
    file: 'ID="deb\\ian"\nVERSION_ID=13\n',
  }),
  refused('escape-single', 'a backslash in single quotes stays', 'Escapes', incompatible, {
    file: "ID='deb\\ian'\nVERSION_ID=13\n",
  }),
  refused('escape-space', 'an escaped space at the end counts', 'Escapes', incompatible, {
    file: 'ID=debian\\ \nVERSION_ID=13\n',
  }),
  accepted('comments', 'lines that begin with # and ;', 'Comments', {
    file: `# A="\n; B='\n  # C\n${fitting}`,
  }),
  refused('comment-behind', 'a # behind a value belongs to it', 'Comments', incompatible, {
    file: 'ID=debian # not a comment\nVERSION_ID=13\n',
  }),
  accepted('comment-escape', 'a backslash at the end of a comment', 'Comments', {
    file: `# not continued \\\n${fitting}`,
    why: 'Up to systemd 253 the next line belonged to the comment.',
  }),
  accepted('space', 'white space around keys and values', 'Lines', {
    file: '\n\t ID \t=  debian \t\n VERSION_ID =13\n',
  }),
  accepted('carriage-returns', 'lines end in CR LF', 'Lines', { file: 'ID=debian\r\nVERSION_ID=13\r\n' }),
  accepted('carriage-returns-alone', 'lines end in CR', 'Lines', { file: 'ID=debian\rVERSION_ID=13\r' }),
  accepted('no-last-newline', 'the last line has no end', 'Lines', { file: 'ID=debian\nVERSION_ID=13' }),
  accepted('lines-without-pairs', 'lines without =', 'Lines', { file: `nothing\n${fitting}ID\n` }),
  refused('export', 'export before the key', 'Lines', incompatible, {
    file: 'export ID=debian\nVERSION_ID=13\n',
  }),
  refused('key-case', 'the key in small letters', 'Lines', incompatible, {
    file: 'id=debian\nVERSION_ID=13\n',
  }),
  accepted('twice', "the last of two values is the host's", 'Lines', { file: `ID=fedora\n${fitting}` }),
  refused('twice-other', "the first of two values is the host's", 'Lines', incompatible, {
    file: `${fitting}ID=fedora\n`,
  }),
  refused('twice-empty', 'the last of two values is empty', 'Lines', incompatible, {
    file: `${fitting}ID=\n`,
  }),
  refused('empty', 'the file is empty', 'Lines', incompatible, { file: '' }),
  refused('comments-only', 'the file has a comment only', 'Lines', incompatible, { file: '# ID=debian\n' }),
  refused('byte-order-mark', 'a byte order mark belongs to the first key', 'Text', incompatible, {
    file: `\ufeff${fitting}`,
  }),
  accepted('byte-order-mark-before-line', 'a byte order mark before an empty line', 'Text', {
    file: `\ufeff\n${fitting}`,
  }),
  refused('nul', 'a NUL at the end', 'Text', malformed, { file: `${fitting}\u0000` }),
  refused('nul-in-comment', 'a NUL in a comment', 'Text', malformed, { file: `${fitting}#\u0000\n` }),
  refused('not-utf-8', 'a value that nobody asks for is not UTF-8', 'Text', malformed, {
    file: Buffer.from(`${fitting}NAME=\xff\n`, 'latin1'),
  }),
  refused('key-not-utf-8', 'a key is not UTF-8', 'Text', malformed, {
    file: Buffer.from(`${fitting}\xc3=x\n`, 'latin1'),
  }),
  refused('utf-8-surrogate', 'a value has a surrogate as UTF-8', 'Text', malformed, {
    file: Buffer.from(`${fitting}NAME=\xed\xa0\x80\n`, 'latin1'),
  }),
  refused('utf-8-overlong', 'a value has an overlong form', 'Text', malformed, {
    file: Buffer.from(`${fitting}NAME=\xc0\xaf\n`, 'latin1'),
  }),
  refused('noncharacter', 'a value has U+FFFE', 'Text', malformed, { file: `${fitting}NAME=\ufffe\n` }),
  refused('noncharacter-arabic', 'a value has U+FDD0', 'Text', malformed, {
    file: `${fitting}NAME=\ufdd0\n`,
  }),
  accepted('comment-not-utf-8', 'a comment is not UTF-8', 'Text', {
    file: Buffer.from(`# \xff\n${fitting}`, 'latin1'),
  }),
  accepted('line-not-utf-8', 'a line without = is not UTF-8', 'Text', {
    file: Buffer.from(`\xff\n${fitting}`, 'latin1'),
  }),
  accepted('utf-8-by-escape', 'a value is UTF-8 once the backslash is gone', 'Text', {
    file: Buffer.from(`${fitting}NAME=\xc3\\\xa9\n`, 'latin1'),
  }),
  refused('too-long', 'the file has more than 64 KiB', 'Text', 'find unsupported', {
    tree: [
      {
        path: `${directories.sysext}/extension-release.app`,
        ...{ type: 'repeated', text: fitting, times: 2731, strict: null },
      },
    ],
    why: 'systemd reads up to 64 MiB; no release file needs a thousandth of that.',
  }),
  accepted(
    'own-version',
    'SYSEXT_VERSION_ID',
    'Own',
    { file: 'ID=_any\nSYSEXT_VERSION_ID=1.2.3\n' },
    { version: '1.2.3' },
  ),
  accepted(
    ...(['own-image-version', 'SYSEXT_IMAGE_VERSION alone', 'Own'] as const),
    { file: 'ID=_any\nSYSEXT_VERSION_ID=\nSYSEXT_IMAGE_VERSION=20260101\n' },
    { version: '20260101' },
  ),
  accepted(
    ...(['own-both', 'SYSEXT_VERSION_ID is the one that counts', 'Own'] as const),
    { file: 'ID=_any\nSYSEXT_IMAGE_VERSION=20260101\nSYSEXT_VERSION_ID=1.2\n' },
    { version: '1.2' },
  ),
  accepted(
    ...(['own-version-of-confext', 'CONFEXT_VERSION_ID, and not SYSEXT_VERSION_ID', 'Own'] as const),
    { class: 'confext', file: 'ID=_any\nSYSEXT_VERSION_ID=9\nCONFEXT_VERSION_ID=1\n' },
    { version: '1' },
  ),
  accepted('own-version-of-system', "VERSION_ID is not the extension's", 'Own', {
    file: 'ID=debian\nVERSION_ID=13\nIMAGE_VERSION=7\nCONFEXT_VERSION_ID=8\n',
  }),
  refused('own-version-long', 'SYSEXT_VERSION_ID has 129 characters', 'Own', 'version malformed', {
    ...{ file: `ID=_any\nSYSEXT_VERSION_ID=${'1'.repeat(129)}\n`, why: unused },
  }),
  refused('own-version-lines', 'SYSEXT_VERSION_ID has a line break', 'Own', 'version malformed', {
    ...{ file: 'ID=_any\nSYSEXT_VERSION_ID="1\n2"\n', why: unused },
  }),
  refused('own-version-direction', 'SYSEXT_VERSION_ID turns the text around', 'Own', 'version malformed', {
    ...{ file: 'ID=_any\nSYSEXT_VERSION_ID=1.2\u202e9.1\n', why: unused },
  }),
];
