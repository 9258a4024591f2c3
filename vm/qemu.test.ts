import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Hardware, qemuArguments } from './qemu.ts';

const hardware: Hardware = {
  machine: { suite: 'trixie', kernel: '/m/vmlinuz', initrd: '/m/initrd', root: '/m/a,b/root.ext4' },
  payload: '/t/payload',
  product: '/t/product',
  tpm: '/t/tpm',
  port: '/t/port',
  console: '/t/console',
  kernelArguments: ['one=1', 'two=2'],
  forward: null,
};

test('nothing is written to the root image, which many machines start from', () => {
  const root = qemuArguments(hardware).find((option) => option.includes('root.ext4')) ?? '';
  assert.match(root, /(^|,)snapshot=on(,|$)/);
});

test('a comma in a path begins no option', () => {
  assert.ok(qemuArguments(hardware).some((option) => option.endsWith('file=/m/a,,b/root.ext4')));
});

test('there is no network unless a port is forwarded, and then only on the loopback interface', () => {
  const nicOf = (options: readonly string[]) => options[options.indexOf('-nic') + 1];
  assert.equal(nicOf(qemuArguments(hardware)), 'none');
  assert.equal(
    nicOf(qemuArguments({ ...hardware, forward: { hostPort: 4000, guestPort: 7431 } })),
    'user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:4000-:7431',
  );
});

test('kernel arguments of a case come after those of every machine', () => {
  const options = qemuArguments(hardware);
  assert.match(options[options.indexOf('-append') + 1] ?? '', /^console=ttyS0 .* one=1 two=2$/);
});
