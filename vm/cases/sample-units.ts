import type { GuestFiles } from '../payload.ts';

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
