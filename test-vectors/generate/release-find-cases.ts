import {
  accepted,
  directories,
  file,
  fitting,
  link,
  refused,
  releaseFile,
  type UnjudgedCase,
} from './release-case.ts';

const otherPath = `${directories.sysext}/extension-release.other`;
const own = `${directories.sysext}/extension-release.app`;
const forAny = { path: otherPath, strict: false };
const mismatch = 'find name-mismatch';
const incompatible = 'find incompatible';
const unversioned = 'systemd 252 does not leave the version of a name away.';
const trailingNul = 'systemd 257 takes no attribute with a NUL; 252 and 261 take one that ends in it.';
const osRelease = 'usr/lib/os-release';

const waivers: readonly UnjudgedCase[] = ['0', 'no', 'n', 'false', 'f', 'off', 'FALSE', 'Off', '0\u0000'].map(
  (value, index) =>
    accepted(
      `strict-false-${index + 1}`,
      `the attribute is ${JSON.stringify(value)}`,
      'Strict',
      { tree: [releaseFile('other', fitting, value)], ...(value.endsWith('\0') ? { why: trailingNul } : {}) },
      forAny,
    ),
);

const strictWords: readonly UnjudgedCase[] = [
  '1',
  'true',
  'nope',
  '',
  '0\n',
  ' 0',
  '00',
  '0\u0000\u0000',
  '\u0000',
].map((value, index) =>
  refused(
    `strict-true-${index + 1}`,
    `the attribute is ${JSON.stringify(value)}`,
    ...(['Strict', mismatch] as const),
    {
      tree: [releaseFile('other', fitting, value)],
      ...(value === '0\u0000\u0000' ? { why: 'systemd 252 reads the attribute up to its first NUL.' } : {}),
    },
  ),
);

/** Which file of the tree is the release file. */
export const findCases: readonly UnjudgedCase[] = [
  ...waivers,
  ...strictWords,
  refused('name-other', 'the only release file is for another name', 'Name', mismatch, {
    tree: [releaseFile('other')],
  }),
  refused('name-case', 'the only release file is for the name in capitals', 'Name', mismatch, {
    tree: [releaseFile('App')],
  }),
  refused('name-longer', 'the only release file is for a longer name', 'Name', mismatch, {
    tree: [releaseFile('app-1')],
  }),
  refused('name-many', 'seven release files, none for this name', 'Name', mismatch, {
    tree: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => releaseFile(name)),
  }),
  accepted(
    'any-name-and-others',
    'one of three release files is for any name',
    'Strict',
    {
      tree: [releaseFile('a'), releaseFile('other', fitting, 'false'), releaseFile('z', fitting, 'true')],
    },
    forAny,
  ),
  refused('any-name-twice', 'two release files are for any name', 'Strict', mismatch, {
    tree: [releaseFile('a', fitting, '0'), releaseFile('b', fitting, '0')],
  }),
  accepted('own-name-first', 'a release file for the name and one for any', 'Strict', {
    tree: [releaseFile('app'), releaseFile('other', 'ID=fedora\n', '0')],
  }),
  accepted('own-name-attribute', 'the release file for the name is strict', 'Strict', {
    tree: [releaseFile('app', fitting, '1')],
  }),
  accepted(
    'version-in-name',
    'app_1.2 with a release file for app',
    'Unversioned',
    {
      ...{ name: 'app_1.2', tree: [releaseFile('app')], why: unversioned },
    },
    { path: own },
  ),
  accepted(
    'raw-in-name',
    'app.raw with a release file for app',
    'Unversioned',
    { name: 'app.raw', tree: [releaseFile('app')], why: unversioned },
    { path: own },
  ),
  accepted(
    'class-and-raw-in-name',
    'app.confext.raw with a release file for app',
    'Unversioned',
    { name: 'app.confext.raw', tree: [releaseFile('app')], why: unversioned },
    { path: own },
  ),
  refused('class-in-name', 'app.confext with a release file for app', 'Unversioned', mismatch, {
    ...{ name: 'app.confext', tree: [releaseFile('app')] },
  }),
  accepted(
    'tries-in-name',
    'app+3-2 with a release file for app',
    'Unversioned',
    {
      ...{ name: 'app+3-2', tree: [releaseFile('app')], why: unversioned },
    },
    { path: own },
  ),
  accepted('version-in-both', 'app_1.2 with release files for app_1.2 and app', 'Unversioned', {
    ...{ name: 'app_1.2', tree: [releaseFile('app_1.2'), releaseFile('app', 'ID=fedora\n')] },
  }),
  refused('version-other-in-name', 'app_1.2 with a release file for app_1.3', 'Unversioned', mismatch, {
    ...{ name: 'app_1.2', tree: [releaseFile('app_1.3')] },
  }),
  refused('version-only-in-file', 'app with a release file for app_1.2', 'Unversioned', mismatch, {
    tree: [releaseFile('app_1.2')],
  }),
  refused(
    'version-in-name-and-any',
    'app_1.2 with release files for app and for any name',
    'Unversioned',
    mismatch,
    {
      ...{
        name: 'app_1.2',
        tree: [releaseFile('app'), releaseFile('other', fitting, '0')],
        why: unversioned,
      },
    },
  ),
  refused('version-alone', '_1.2, which without its version has no name', 'Unversioned', mismatch, {
    ...{ name: '_1.2', tree: [releaseFile('other', fitting, '0')], why: unversioned },
  }),
  accepted('version-alone-own', '_1.2 with a release file of that name', 'Unversioned', { name: '_1.2' }),
  refused('name-too-long', 'no file can be named for it; one is for any name', 'Name', mismatch, {
    ...{ name: 'a'.repeat(238), tree: [releaseFile('other', fitting, '0')] },
  }),
  accepted('name-long', 'a file can just be named for it', 'Name', { name: 'a'.repeat(237) }),
  accepted('link', 'the release file is a link', 'Links', {
    tree: [link(own, '../../share/release'), file('usr/share/release')],
  }),
  accepted('link-absolute', 'the release file is an absolute link', 'Links', {
    tree: [link(own, '/usr/share/release'), file('usr/share/release')],
  }),
  accepted('link-above-root', 'the release file is a link that goes above the root', 'Links', {
    tree: [link(own, '../../../../../../../release'), file('release')],
  }),
  accepted('link-of-directory', 'the directory of release files is a link', 'Links', {
    tree: [link(directories.sysext, '/usr/share/releases'), file('usr/share/releases/extension-release.app')],
  }),
  accepted('link-of-lib', 'usr/lib is a link', 'Links', {
    tree: [link('usr/lib', '/usr/lib64'), file('usr/lib64/extension-release.d/extension-release.app')],
  }),
  refused('link-nowhere', 'the release file is a link that leads nowhere', 'Links', mismatch, {
    tree: [link(own, 'nowhere')],
  }),
  accepted(
    'link-nowhere-and-any',
    'the same, and a release file for any name',
    'Links',
    {
      tree: [link(own, 'nowhere'), releaseFile('other', fitting, '0')],
    },
    forAny,
  ),
  refused('link-for-any', 'a link to a release file for any name', 'Links', mismatch, {
    tree: [link(otherPath, '/usr/share/release'), file('usr/share/release', fitting, '0')],
  }),
  refused('file-is-directory', 'the release file is a directory', 'Kinds', incompatible, {
    tree: [{ path: own, type: 'directory' }],
  }),
  refused('file-is-fifo', 'the release file is a FIFO', 'Kinds', incompatible, {
    tree: [{ path: own, type: 'fifo' }],
  }),
  refused('directory-is-file', 'the directory of release files is a file', 'Kinds', incompatible, {
    tree: [file(directories.sysext)],
  }),
  refused('no-directory', 'there is nothing in the image that says it is one', 'Kinds', incompatible, {
    tree: [file('usr/share/app/data')],
  }),
  refused('empty-directory', 'there is no release file', 'Kinds', incompatible, {
    tree: [{ path: directories.sysext, type: 'directory' }],
  }),
  refused('no-name', 'a file extension-release without a name', 'Kinds', incompatible, {
    tree: [file(`${directories.sysext}/extension-release`, fitting, '0')],
  }),
  refused('other-prefix', 'a release file for any name with another prefix', 'Kinds', incompatible, {
    tree: [file(`${directories.sysext}/extension_release.other`, fitting, '0')],
  }),
  refused('name-control', 'a release file for any name with a line break in its own', 'Name', incompatible, {
    tree: [releaseFile('a\nb', fitting, '0')],
  }),
  refused('name-temporary', 'a release file for any name that is a temporary file', 'Name', incompatible, {
    tree: [releaseFile('.#app', fitting, '0')],
  }),
  refused('other-class', 'a confext used as a sysext', 'Class', incompatible, {
    tree: [file(`${directories.confext}/extension-release.app`)],
  }),
  refused('other-class-place', 'the release file of a confext below usr', 'Class', incompatible, {
    ...{ class: 'confext', tree: [releaseFile('app')] },
  }),
  accepted('confext', 'a confext', 'Class', { class: 'confext' }),
  accepted('both-classes', 'an image that is both, and fits as the one it is used as', 'Class', {
    tree: [releaseFile('app'), file(`${directories.confext}/extension-release.app`, 'ID=fedora\n')],
  }),
  refused('os-release', 'the image has usr/lib/os-release', 'OsRelease', incompatible, {
    ...{ tree: [releaseFile('app'), file(osRelease)] },
  }),
  refused('os-release-link', 'the same as a link', 'OsRelease', incompatible, {
    tree: [releaseFile('app'), link(osRelease, '../share/os'), file('usr/share/os')],
  }),
  refused(
    'os-release-link-nowhere',
    'the same as a link that leads nowhere in the image',
    'OsRelease',
    incompatible,
    {
      tree: [releaseFile('app'), link(osRelease, '/etc/machine-info')],
      why: 'systemd follows the link in the image and finds nothing. Once merged it leads to a file of the host.',
    },
  ),
  refused('os-release-behind-link', 'the same where usr/lib is a link', 'OsRelease', incompatible, {
    tree: [
      ...[link('usr/lib', 'lib64'), file('usr/lib64/os-release')],
      file('usr/lib64/extension-release.d/extension-release.app'),
    ],
  }),
  refused('os-release-directory', 'the same as a directory', 'OsRelease', incompatible, {
    tree: [releaseFile('app'), { path: osRelease, type: 'directory' }],
  }),
  accepted('os-release-in-etc', 'the image has etc/os-release, which is not merged', 'OsRelease', {
    tree: [releaseFile('app'), file('etc/os-release')],
  }),
  refused('os-release-in-confext', 'a confext has usr/lib/os-release', 'OsRelease', incompatible, {
    class: 'confext',
    tree: [file(`${directories.confext}/extension-release.app`), file(osRelease)],
    why: 'systemd refuses this in a disk image; in a directory it looks before the directory is mounted, and sees nothing.',
  }),
  accepted('usr', 'a usr partition', 'Usr', {
    ...{ designator: 'usr', tree: [file('lib/extension-release.d/extension-release.app')] },
  }),
  accepted('usr-link', 'a usr partition with a link that names /usr', 'Usr', {
    designator: 'usr',
    tree: [link('lib', '/usr/share/lib'), file('share/lib/extension-release.d/extension-release.app')],
  }),
  refused('usr-in-usr', 'a usr partition with the tree of a root partition', 'Usr', incompatible, {
    ...{ designator: 'usr', tree: [releaseFile('app')] },
  }),
  refused('usr-in-usr-link', 'the same with links to where a root partition has it', 'Usr', incompatible, {
    ...{ designator: 'usr', tree: [link('lib', 'usr/lib'), releaseFile('app')] },
    why: 'The type of a partition is not signed: systemd merges a signed root file system one level off, as /usr/usr.',
  }),
  refused('usr-os-release', 'a usr partition with lib/os-release', 'Usr', incompatible, {
    designator: 'usr',
    tree: [file('lib/extension-release.d/extension-release.app'), file('lib/os-release')],
  }),
  refused('usr-confext', 'a usr partition used as a confext', 'Usr', incompatible, {
    ...{ class: 'confext', designator: 'usr', tree: [file('etc/extension-release.d/extension-release.app')] },
  }),
];
