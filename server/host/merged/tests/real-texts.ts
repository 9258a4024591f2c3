/*
 * What was read on Debian 13 (systemd 257, Linux 6.12) after `systemd-sysext refresh` with a newer tools.sysext.raw, while a
 * program ran from the merge before: that one's devices (loop0, loop2, loop6, loop7) live on.
 */

export const mountInfo = `26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
99 26 0:46 / /etc ro,nosuid,nodev,noexec,relatime shared:39 - overlay confext ro,lowerdir=/run/systemd/sysext/meta/etc:/run/systemd/sysext/confexts/conf/etc:/etc,redirect_dir=on
112 26 0:41 / /usr ro,nodev,relatime shared:34 - overlay sysext ro,lowerdir=/run/systemd/sysext/meta/usr:/run/systemd/sysext/extensions/tools/usr:/run/systemd/sysext/extensions/sidecar/usr:/run/systemd/sysext/extensions/plain/usr:/run/systemd/sysext/extensions/good/usr:/run/systemd/sysext/extensions/bare/usr:/usr,redirect_dir=on
115 26 0:56 / /opt ro,nodev,relatime shared:37 - overlay sysext ro,lowerdir=/run/systemd/sysext/meta/opt:/run/systemd/sysext/extensions/plain/opt,redirect_dir=on
`;

export const rootHashes = {
  sidecar: '47f1f6c4193cfe2053f70e8e9a1a093fcc2019678c77992152037ccbc209af6d',
  good: '156af07b9c9191e7128949f2d405adaeee9331364c5e83737eb44583fca2627c',
  formerTools: '8fedc5244c125257b1c5f8878e75096b7c6ce40b7859f60c6fa0381b8379e62c',
  tools: 'a8ad119f518de05f9d38d0bc42ea02b6c157399bce9dce219b6752dee914ee0b',
} as const;

const salt = '5c'.repeat(32);

/** `dmsetup table --target verity`. */
export const verityTable = `loop0-verity: 0 1880 verity 1 7:0 7:1 4096 4096 235 1 sha256 ${rootHashes.sidecar} ${salt}
loop4p1-verity: 0 1648 verity 1 259:9 259:10 4096 4096 206 1 sha256 ${rootHashes.good} ${salt}
loop9p1-verity: 0 1728 verity 1 259:12 259:13 4096 4096 216 1 sha256 ${rootHashes.tools} ${salt} 2 root_hash_sig_key_desc cryptsetup:abc
`;

/** `dmsetup status --target verity`. */
export const verityStatus = `loop0-verity: 0 1880 verity V
loop4p1-verity: 0 1648 verity C
loop9p1-verity: 0 1728 verity V
`;

/** `losetup --list --noheadings --raw --output NAME,BACK-INO,BACK-MAJ:MIN`. */
export const loops = `/dev/loop1 6785 254:0
/dev/loop6 6786 254:0
/dev/loop2 6788 254:0
`;
