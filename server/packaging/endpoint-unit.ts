import { dirname } from 'node:path';

import { imageStore, historyDirectory, policyPath, stateDirectory } from '../os/own-paths.ts';
import type { Program } from './program.ts';
import { marked, type PackagedFile } from './written-file.ts';

export interface EndpointUnitOptions {
  readonly program: Program;
  /** `ADDRESS:PORT`. */
  readonly listen: string;
  /** Whether anything but this host can reach that address. */
  readonly exposed: boolean;
  readonly tls: { readonly certificate: string; readonly key: string; readonly clientCa: string } | null;
  readonly policyTrust: readonly string[];
  /** The group that the TPM's device belongs to, where the host has it: without it the device is root's own. */
  readonly tpmGroup: boolean;
  /** As for the merge units. */
  readonly tpm: boolean;
}

export const endpointUnit = 'touchstone.service';

/** The endpoint's service, and what starts it. */
export function endpointUnits(options: EndpointUnitOptions): PackagedFile[] {
  return [
    { path: `/etc/systemd/system/${endpointUnit}`, content: marked(service(options)) },
    {
      path: '/etc/systemd/system/multi-user.target.d/90-touchstone.conf',
      content: marked(`[Unit]\nWants=${endpointUnit}\n`),
    },
  ];
}

function service(options: EndpointUnitOptions): string {
  const { program, exposed, tpm, tpmGroup } = options;
  const places = [program.node, program.main, policyPath].map((path) => dirname(path));
  return `[Unit]
Description=Touchstone attestation endpoint
RequiresMountsFor=${[...new Set([...places, stateDirectory])].join(' ')}
After=network.target systemd-confext.service systemd-sysext.service dev-tpmrm0.device
${tpm ? 'Wants=dev-tpmrm0.device\n' : ''}
[Service]
Type=notify
# It is systemd-notify, a child, that speaks for it.
NotifyAccess=all
ExecStart=${[program.node, '--jitless', program.main, ...serveWords(options)].join(' ')}
ExecReload=/bin/sh -c "kill -HUP $MAINPID"
UnsetEnvironment=NODE_OPTIONS NODE_PATH
Restart=on-failure
RestartSec=5
WatchdogSec=2min

# Root, since the measurement log is root's alone, but without any of root's capabilities.
CapabilityBoundingSet=
NoNewPrivileges=yes
${tpmGroup ? 'SupplementaryGroups=tss\n' : ''}UMask=0077
KeyringMode=private

StateDirectory=touchstone
StateDirectoryMode=0700
# What the gate decides by is not for the endpoint to change.
ReadOnlyPaths=-${historyDirectory} -${dirname(imageStore('sysext'))} -${stateDirectory}/quarantine
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateMounts=yes
# Nothing that mounts below /usr, /opt or /etc, as ProtectKernelModules= does: the kernel would keep a merge that is gone in sight
# of the endpoint, over the one that took its place. Without capabilities and @module it loads nothing anyway.
ProtectProc=invisible
ProtectKernelTunables=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes

DevicePolicy=closed
DeviceAllow=/dev/tpmrm0 rw

RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
${exposed ? '' : 'IPAddressDeny=any\nIPAddressAllow=localhost\n'}RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
# Node.js makes machine code as it runs, which this forbids: --jitless has it interpret its scripts instead.
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
TasksMax=128
`;
}

function serveWords({ listen, tls, policyTrust }: EndpointUnitOptions): string[] {
  return [
    ...['serve', '--listen', listen],
    ...(tls === null
      ? []
      : ['--tls-certificate', tls.certificate, '--tls-key', tls.key, '--client-ca', tls.clientCa]),
    ...policyTrust.flatMap((path) => ['--policy-trust', path]),
  ];
}
