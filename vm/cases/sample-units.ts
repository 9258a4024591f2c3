import type { GuestFiles } from '../payload.ts';
import type { ExtensionClass } from './sample-extension.ts';
import { strictPolicy } from './sample-host.ts';

// The TPM's device comes from udev; the units themselves wait for nothing but file systems.
function gated(extensionClass: ExtensionClass): string {
  return `[Unit]
Wants=dev-tpmrm0.device
After=dev-tpmrm0.device

[Service]
ExecStartPre=/bin/sh -c 'exec touchstone gate --full --class ${extensionClass} >/run/gate-${extensionClass} 2>&1'
ExecStart=
ExecStart=systemd-${extensionClass} refresh --image-policy=${strictPolicy[extensionClass]}
`;
}

/** Both merge units, started at boot, behind the gate and with the strict image policy. */
export const mergeUnits: GuestFiles = {
  '/etc/systemd/system/systemd-sysext.service.d/gate.conf': gated('sysext'),
  '/etc/systemd/system/systemd-confext.service.d/gate.conf': gated('confext'),
  '/etc/systemd/system/sysinit.target.d/merge.conf':
    '[Unit]\nWants=systemd-sysext.service systemd-confext.service\n',
};

// systemd measures itself where a unified kernel image began, and where the firmware says that there is a TPM: this machine has
// neither one nor UEFI, so the conditions and the switch that ends the tool without an error are left out.
function measuring(word: string): string {
  return `[Unit]
ConditionSecurity=

[Service]
Environment=SYSTEMD_FORCE_MEASURE=1
ExecStart=
ExecStart=/usr/lib/systemd/systemd-pcrextend ${word}
ExecStop=
`;
}

/** systemd's own measurements at boot: the machine's identity into PCR 15, two phases into PCR 11. */
export const measuringUnits: GuestFiles = {
  '/etc/systemd/system/systemd-pcrmachine.service.d/always.conf': measuring('--machine-id'),
  '/etc/systemd/system/systemd-pcrphase-sysinit.service.d/always.conf': measuring('sysinit'),
  '/etc/systemd/system/systemd-pcrphase.service.d/always.conf': measuring('ready'),
};
