import { type ChildService, startService } from '../server/os/child-service.ts';
import type { MachineImage } from './machine-image.ts';

/** What one virtual machine consists of; paths are absolute. */
export interface Hardware {
  readonly machine: MachineImage;
  /** Raw ext4 images, read-only for the guest. */
  readonly payload: string;
  readonly product: string;
  /** The control socket of a swtpm. */
  readonly tpm: string;
  /** Where QEMU makes the socket of the port over which scripts go in and answers come out. */
  readonly port: string;
  /** Gets what the guest writes to its console. */
  readonly console: string;
  readonly kernelArguments: readonly string[];
  readonly forward: Forward | null;
}

/** A TCP port of the guest, reached at a port of this machine's loopback interface. */
export interface Forward {
  readonly hostPort: number;
  readonly guestPort: number;
}

/**
 * Emulation in software works everywhere. One processor: two wait for each other while this machine's have other work, which
 * took two to three times as long in all, and under QEMU 7.2 they see each other's changes to code and clocks wrongly, so that
 * the kernel panics now and then. Of a plain CPU's instructions QEMU emulates all faster than those with wide registers, and
 * than cmpxchg16b.
 */
const processor = [
  ...['-accel', 'tcg,thread=single', '-cpu', 'qemu64,-cx16', '-smp', '1', '-m', '2048'],
  // What nobody uses and the guest would load modules for is left out.
  ...[
    '-machine',
    'q35,sata=off,smbus=off,hpet=off,i8042=off',
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-rtc',
    'base=utc',
  ],
];

const unusedModules = [
  ...['aesni_intel', 'ghash_clmulni_intel', 'crc32_pclmul', 'crct10dif_pclmul', 'sha1_ssse3', 'sha512_ssse3'],
  ...[
    'intel_rapl_msr',
    'rapl',
    'evdev',
    'serio_raw',
    'efi_pstore',
    'qemu_fw_cfg',
    'configfs',
    'fuse',
    'ip_tables',
    'x_tables',
    'nfnetlink',
    'btrfs',
    'xor',
    'raid6_pq',
  ],
];

/** Measured is what a unified kernel image measures, also without one (kernel-command-line(7), from systemd 261). */
const kernelArguments = [
  ...['console=ttyS0', 'rw', 'loglevel=3', 'mitigations=off', 'systemd.getty_auto=no', 'systemd.gpt_auto=no'],
  // What protects or tells a host from others costs emulation a tenth, and no case is about it.
  ...['init_on_alloc=0', 'apparmor=0', 'audit=0', 'psi=0'],
  // Each character on the console stops the emulated processor.
  'systemd.show_status=error',
  ...['systemd.tpm2_measured_os=1', 'net.ifnames=0'],
  // On a busy machine what takes seconds takes minutes, and a timer may seem to stand still.
  ...['systemd.default_device_timeout_sec=600', 'systemd.default_timeout_start_sec=900', 'no_timer_check'],
  // To load a module takes longer than it would save; those of btrfs try out which of their ways is the fastest, for seconds.
  `module_blacklist=${unusedModules.join(',')}`,
];

/** Starts QEMU, at low priority. It dies with this process, whatever ends that. */
export function startQemu(hardware: Hardware): ChildService {
  return startBound('nice', ['-n', '10', 'qemu-system-x86_64', ...qemuArguments(hardware)]);
}

/** Starts a tool that the kernel kills when this process is gone, SIGKILL included. @throws CouldNotDecide if it cannot. */
export function startBound(tool: string, args: readonly string[]): ChildService {
  return startService('setpriv', ['--pdeathsig', 'KILL', tool, ...args]);
}

/** The command line of qemu-system-x86_64(1). */
export function qemuArguments({
  machine,
  payload,
  product,
  tpm,
  port,
  console,
  ...rest
}: Hardware): string[] {
  const { forward } = rest;
  const network =
    forward === null
      ? ['-nic', 'none']
      : [
          '-nic',
          `user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:${forward.hostPort}-:${forward.guestPort}`,
        ];
  const wanted = forward === null ? [] : ['systemd.wants=systemd-networkd.service'];
  return [
    ...processor,
    ...['-kernel', machine.kernel, '-initrd', machine.initrd],
    ...['-append', [...kernelArguments, ...wanted, ...rest.kernelArguments].join(' ')],
    // What is written goes to a file that QEMU has already unlinked: it outlasts a reboot, and nothing else.
    ...['-drive', `if=virtio,format=raw,snapshot=on,file=${literal(machine.root)}`],
    ...[payload, product].flatMap((disk) => [
      '-drive',
      `if=virtio,format=raw,read-only=on,file=${literal(disk)}`,
    ]),
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    ...['-chardev', `socket,id=case,server=on,wait=off,path=${literal(port)}`],
    ...['-device', 'virtserialport,chardev=case,name=case'],
    ...['-chardev', `socket,id=tpm,path=${literal(tpm)}`],
    ...['-tpmdev', 'emulator,id=tpm0,chardev=tpm', '-device', 'tpm-tis,tpmdev=tpm0'],
    ...['-chardev', `file,id=console,path=${literal(console)}`, '-serial', 'chardev:console'],
    ...network,
  ];
}

// A comma would begin QEMU's next option; doubled it stands for itself.
function literal(path: string): string {
  return path.replaceAll(',', ',,');
}
