import { accepted, refused, type UnjudgedCase } from './release-case.ts';

const incompatible = 'match incompatible';
const idLike =
  'The ID_LIKE of the host counts from systemd 258, and in the 257.13 of Debian 13; before, only its ID.';

/** Fields of the image against fields of the host, one difference each. */
export const matchCases: readonly UnjudgedCase[] = [
  accepted('same', "ID and VERSION_ID are the host's", 'System'),
  refused('id-other', 'ID is another', 'System', incompatible, { file: 'ID=fedora\nVERSION_ID=13\n' }),
  refused('id-case', "ID is the host's in capitals", 'System', incompatible, {
    file: 'ID=Debian\nVERSION_ID=13\n',
  }),
  refused('id-absent', 'there is no ID', 'System', incompatible, { file: 'VERSION_ID=13\n' }),
  refused('id-empty', 'ID is empty', 'System', incompatible, { file: 'ID=\nVERSION_ID=13\n' }),
  accepted('id-any', 'ID is _any, nothing else is said', 'System', { file: 'ID=_any\n' }),
  accepted('id-any-version', 'ID is _any, VERSION_ID another', 'System', { file: 'ID=_any\nVERSION_ID=9\n' }),
  accepted('id-any-level', 'ID is _any, SYSEXT_LEVEL another', 'System', {
    file: 'ID=_any\nSYSEXT_LEVEL=9\n',
    osRelease: 'ID=debian\nSYSEXT_LEVEL=1\n',
  }),
  refused('id-any-case', 'ID is _ANY', 'System', incompatible, { file: 'ID=_ANY\nVERSION_ID=13\n' }),
  refused('host-any', 'the ID of the host is _any', 'System', incompatible, {
    osRelease: 'ID=_any\nVERSION_ID=13\n',
  }),
  accepted('id-like', 'ID is the one the host is like', 'Like', {
    ...{ osRelease: 'ID=raspbian\nID_LIKE=debian\nVERSION_ID=13\n', why: idLike },
  }),
  accepted('id-like-second', 'ID is the second of those the host is like', 'Like', {
    ...{ osRelease: 'ID=mint\nID_LIKE="ubuntu debian"\nVERSION_ID=13\n', why: idLike },
  }),
  refused('id-like-version', 'ID is the one the host is like, VERSION_ID another', 'Like', incompatible, {
    osRelease: 'ID=mint\nID_LIKE="ubuntu debian"\nVERSION_ID=22\n',
  }),
  refused('id-like-part', 'ID is a part of the one the host is like', 'Like', incompatible, {
    osRelease: 'ID=mint\nID_LIKE="debianoid xdebian debian,ubuntu"\nVERSION_ID=13\n',
  }),
  refused('id-like-of-image', 'the image is like the host, which does not count', 'Like', incompatible, {
    file: 'ID=mint\nID_LIKE=debian\nVERSION_ID=13\n',
  }),
  refused('version-other', 'VERSION_ID is another', 'Version', incompatible, {
    file: 'ID=debian\nVERSION_ID=12\n',
  }),
  refused('version-newer', 'VERSION_ID is newer', 'Version', incompatible, {
    file: 'ID=debian\nVERSION_ID=14\n',
  }),
  refused('version-spelling', 'VERSION_ID is the same number, spelt otherwise', 'Version', incompatible, {
    file: 'ID=debian\nVERSION_ID=13.0\n',
  }),
  refused('version-absent', 'there is no VERSION_ID', 'Version', incompatible, { file: 'ID=debian\n' }),
  refused('version-empty', 'VERSION_ID is empty', 'Version', incompatible, {
    file: 'ID=debian\nVERSION_ID=\n',
  }),
  refused('version-any', 'VERSION_ID is _any, which means nothing there', 'Version', incompatible, {
    file: 'ID=debian\nVERSION_ID=_any\n',
  }),
  accepted('host-rolling', 'the host has no VERSION_ID', 'Version', { osRelease: 'ID=debian\n' }),
  accepted('host-version-empty', 'the VERSION_ID of the host is empty', 'Version', {
    osRelease: 'ID=debian\nVERSION_ID=\n',
  }),
  accepted('level-same', "SYSEXT_LEVEL is the host's, VERSION_ID another", 'Level', {
    file: 'ID=debian\nVERSION_ID=12\nSYSEXT_LEVEL=2\n',
    osRelease: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=2\n',
  }),
  refused('level-other', "SYSEXT_LEVEL is another, VERSION_ID the host's", 'Level', incompatible, {
    file: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=1\n',
    osRelease: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=2\n',
  }),
  accepted('level-of-image', "only the image has a level, VERSION_ID is the host's", 'Level', {
    file: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=1\n',
  }),
  refused(
    'level-of-image-version',
    'only the image has a level, VERSION_ID is another',
    'Level',
    incompatible,
    {
      file: 'ID=debian\nVERSION_ID=12\nSYSEXT_LEVEL=1\n',
    },
  ),
  accepted('level-of-host', "only the host has a level, VERSION_ID is the host's", 'Level', {
    osRelease: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=2\n',
  }),
  refused(
    'level-of-host-version',
    'only the host has a level, VERSION_ID is another',
    'Level',
    incompatible,
    {
      file: 'ID=debian\nVERSION_ID=12\n',
      osRelease: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=2\n',
    },
  ),
  accepted('level-only-of-host', 'the host has a level and no VERSION_ID, the image no level', 'Level', {
    osRelease: 'ID=debian\nSYSEXT_LEVEL=2\n',
  }),
  refused(
    'level-only',
    'the host has a level and no VERSION_ID, the image another level',
    'Level',
    incompatible,
    {
      file: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=1\n',
      osRelease: 'ID=debian\nSYSEXT_LEVEL=2\n',
    },
  ),
  accepted('level-empty', "the level is empty, VERSION_ID the host's", 'Level', {
    file: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=\n',
    osRelease: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=2\n',
  }),
  accepted('level-of-confext', "a confext has the host's CONFEXT_LEVEL and another SYSEXT_LEVEL", 'Level', {
    class: 'confext',
    file: 'ID=debian\nCONFEXT_LEVEL=2\nSYSEXT_LEVEL=9\n',
    osRelease: 'ID=debian\nVERSION_ID=13\nCONFEXT_LEVEL=2\nSYSEXT_LEVEL=1\n',
  }),
  refused(
    'level-of-other-class',
    "a confext has the host's SYSEXT_LEVEL, which does not count",
    'Level',
    incompatible,
    {
      class: 'confext',
      file: 'ID=debian\nVERSION_ID=12\nSYSEXT_LEVEL=1\n',
      osRelease: 'ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=1\n',
    },
  ),
  accepted('scope-system', 'SYSEXT_SCOPE is system', 'Scope', { file: 'ID=_any\nSYSEXT_SCOPE=system\n' }),
  accepted('scope-initrd-in-initrd', 'SYSEXT_SCOPE is initrd, in the initrd', 'Scope', {
    ...{ file: 'ID=_any\nSYSEXT_SCOPE=initrd\n', scope: 'initrd' },
  }),
  accepted('scope-list', 'SYSEXT_SCOPE has initrd among others, with odd space', 'Scope', {
    ...{ file: 'ID=_any\nSYSEXT_SCOPE="system\t  initrd\n portable"\n', scope: 'initrd' },
  }),
  refused('scope-default-in-initrd', 'there is no SYSEXT_SCOPE, in the initrd', 'Scope', incompatible, {
    ...{ file: 'ID=_any\n', scope: 'initrd' },
  }),
  refused('scope-initrd', 'SYSEXT_SCOPE is initrd, on the system', 'Scope', incompatible, {
    file: 'ID=_any\nSYSEXT_SCOPE=initrd\n',
  }),
  refused('scope-portable', 'SYSEXT_SCOPE is portable', 'Scope', incompatible, {
    file: 'ID=_any\nSYSEXT_SCOPE=portable\n',
  }),
  refused('scope-empty', 'SYSEXT_SCOPE is empty, which is not the default', 'Scope', incompatible, {
    file: 'ID=_any\nSYSEXT_SCOPE=\n',
  }),
  refused('scope-case', 'SYSEXT_SCOPE is SYSTEM', 'Scope', incompatible, {
    file: 'ID=_any\nSYSEXT_SCOPE=SYSTEM\n',
  }),
  refused('scope-comma', 'SYSEXT_SCOPE is a list with a comma', 'Scope', incompatible, {
    file: 'ID=_any\nSYSEXT_SCOPE=system,initrd\n',
  }),
  accepted('scope-of-other-class', 'a confext has SYSEXT_SCOPE initrd, which does not count', 'Scope', {
    ...{ class: 'confext', file: 'ID=_any\nSYSEXT_SCOPE=initrd\n' },
  }),
  refused('scope-of-confext', 'a confext has CONFEXT_SCOPE initrd', 'Scope', incompatible, {
    ...{ class: 'confext', file: 'ID=_any\nCONFEXT_SCOPE=initrd\n' },
  }),
  accepted('architecture-same', "ARCHITECTURE is the host's", 'Architecture', {
    file: 'ID=_any\nARCHITECTURE=x86-64\n',
  }),
  accepted('architecture-any', 'ARCHITECTURE is _any', 'Architecture', {
    file: 'ID=_any\nARCHITECTURE=_any\n',
  }),
  accepted('architecture-empty', 'ARCHITECTURE is empty', 'Architecture', {
    file: 'ID=_any\nARCHITECTURE=\n',
  }),
  accepted('architecture-arm64', 'ARCHITECTURE is arm64, as is the host', 'Architecture', {
    ...{ file: 'ID=_any\nARCHITECTURE=arm64\n', architecture: 'arm64' },
  }),
  refused('architecture-other', 'ARCHITECTURE is another', 'Architecture', 'match wrong-architecture', {
    file: 'ID=_any\nARCHITECTURE=arm64\n',
  }),
  refused(
    'architecture-32-bit',
    'ARCHITECTURE is one the host could run',
    'Architecture',
    'match wrong-architecture',
    {
      file: 'ID=_any\nARCHITECTURE=x86\n',
    },
  ),
  refused(
    'architecture-uname',
    'ARCHITECTURE is in the words of uname',
    'Architecture',
    'match wrong-architecture',
    {
      file: 'ID=_any\nARCHITECTURE=x86_64\n',
    },
  ),
  refused('host-id-absent', 'the host has no ID, the image is for any', 'Host', 'host malformed', {
    ...{ file: 'ID=_any\n', osRelease: 'VERSION_ID=13\n' },
  }),
  refused('host-id-empty', 'the ID of the host is empty', 'Host', 'host malformed', {
    ...{ file: 'ID=_any\n', osRelease: 'ID=""\nVERSION_ID=13\n' },
  }),
  refused('host-nul', 'the os-release of the host has a NUL', 'Host', 'host malformed', {
    osRelease: 'ID=debian\nVERSION_ID=13\nX=\u0000\n',
  }),
  accepted('host-quotes', 'the host quotes its fields and says ID twice', 'Host', {
    osRelease: 'ID=other\nVERSION_ID=\'13\'\nID="debian"\n',
  }),
];
