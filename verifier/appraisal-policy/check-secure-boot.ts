import type { Authority } from '../firmware-log/authority.ts';
import type { SecureBootState } from '../firmware-log/secure-boot.ts';
import type { EfiSignature } from '../firmware-log/signature-list.ts';
import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import type { AppraisalPolicy } from './appraisal-policy.ts';
import { withoutLog } from './check-pcrs.ts';
import { listSome, type Objection, unknown } from './objection.ts';
import type { ProvedFirmware, ProvedHost } from './proved-host.ts';
import type { Requirement } from './requirement-schema.ts';

const secureBootPcr = 7;

type Wanted = NonNullable<Requirement['secureBoot']>;

/** Checks what the firmware measured of Secure Boot before it started anything, and what let images start since. */
export function checkSecureBoot(
  { secureBoot: wanted }: Requirement,
  { firmware }: ProvedHost,
  dbx: AppraisalPolicy['dbx'],
): Objection[] {
  if (wanted === undefined || Object.keys(wanted).length === 0) return [];
  if (firmware === null) return [withoutLog(['secureBoot'])];
  const { secureBoot } = firmware.facts;
  if (!secureBoot.known)
    return [unknown(['secureBoot'], secureBoot.reasons[0]?.message ?? 'Nothing is known of Secure Boot.')];
  const hidden = checkAllRead(wanted, firmware);
  return [
    ...hidden,
    ...checkEnabled(wanted, secureBoot),
    ...checkDeployed(wanted, secureBoot),
    ...checkAllowed('db', wanted.db, secureBoot.db),
    ...checkDbx(wanted, secureBoot, dbx),
    ...checkAuthorities(wanted, secureBoot.authorities),
    ...(hidden.length > 0 ? [] : checkSbatLevel(wanted, secureBoot.authorities)),
  ];
}

/**
 * An event after the separator whose data is not what was measured, or whose type was changed in the log, could be the authority or
 * the setting of shim that speaks against the host; or its level, so that one that root measured later would be the only one.
 */
function checkAllRead(wanted: Wanted, { facts }: ProvedFirmware): Objection[] {
  const key = (['enabled', 'authorities', 'sbatLevel'] as const).find((one) => wanted[one] !== undefined);
  const unread = [...facts.contents, ...facts.commands].filter(({ pcr }) => pcr === secureBootPcr);
  if (key === undefined || unread.length === 0) return [];
  const events = unread.map(({ number }) => `event ${number}`);
  return [unknown(['secureBoot', key], `PCR 7 has what cannot be read: ${listSome(events)}.`)];
}

function off(key: string, message: string): Objection {
  return { code: 'secure-boot-off', message, path: ['secureBoot', key] };
}

function keys(key: string, message: string): Objection {
  return { code: 'secure-boot-keys', message, path: ['secureBoot', key] };
}

function checkEnabled({ enabled }: Wanted, state: SecureBootState): Objection[] {
  if (enabled === undefined) return [];
  if (!state.enabled) return [off('enabled', 'Secure Boot is off.')];
  // shim (README.tpm) measures this variable where it is set, and then starts what nobody signed.
  const insecure = state.authorities.some(
    ({ variable, content }) =>
      variable === 'MokSBState' && !(content.kind === 'bytes' && content.data === '00'),
  );
  if (insecure) return [off('enabled', 'Secure Boot is on, and shim was told not to enforce it.')];
  // TCG "PC Client Platform Firmware Profile", section 3.3.4.8: whoever debugs the firmware starts what he likes.
  const debugged = state.actions.includes('UEFI Debug Mode');
  return debugged ? [off('enabled', 'Secure Boot is on, and the firmware was in debug mode.')] : [];
}

/** UEFI 2.10, section 32.3: only in deployed mode can nobody but the owner of the platform key change how Secure Boot works. */
function checkDeployed({ deployedMode }: Wanted, { others }: SecureBootState): Objection[] {
  if (deployedMode === undefined) return [];
  const switches = ['AuditMode', 'DeployedMode'].map((name) => others.get(name));
  const [audit, deployed] = switches.map((data) => (data?.length === 1 ? data[0] : undefined));
  if (audit === 1)
    return [off('deployedMode', 'The firmware is in audit mode: it starts what nobody signed.')];
  if (deployed === 0) return [off('deployedMode', 'The firmware is not in deployed mode.')];
  if (deployed === 1) return [];
  return [unknown(['secureBoot', 'deployedMode'], 'The firmware measured nothing of deployed mode.')];
}

function checkAllowed(
  key: 'db' | 'authorities',
  allowed: ReadonlySet<string> | undefined,
  found: readonly (EfiSignature | Authority['content'])[],
): Objection[] {
  if (allowed === undefined) return [];
  const strangers = found.map(contentSha256).filter((sha256) => !allowed.has(sha256));
  if (strangers.length === 0) return [];
  const what = key === 'db' ? 'db has' : 'Images were started, or settings made, by';
  return [keys(key, `${what} what is not listed: ${listSome([...new Set(strangers)])}.`)];
}

function contentSha256(content: EfiSignature | Authority['content']): string {
  if ('sha256' in content) return content.sha256;
  const bytes = content.kind === 'sbat-level' ? Buffer.from(content.text) : Buffer.from(content.data, 'hex');
  return toHex(digest('sha256', bytes));
}

function checkDbx(
  { dbx: wanted = new Set(), dbxDate }: Wanted,
  { dbx }: SecureBootState,
  updates: AppraisalPolicy['dbx'],
): Objection[] {
  const present = new Set<string>(dbx.flatMap((entry) => ('sha256' in entry ? [entry.sha256] : [])));
  const missing = [...wanted].filter((sha256) => !present.has(sha256));
  // By the text: days are written so that they sort.
  const late = updates.filter(
    ({ day, entries }) =>
      dbxDate !== undefined && day <= dbxDate && entries.some((sha256) => !present.has(sha256)),
  );
  return [
    ...(missing.length === 0 ? [] : [keys('dbx', `dbx lacks ${listSome(missing)}.`)]),
    ...(late.length === 0
      ? []
      : [keys('dbxDate', `dbx lacks entries of the update of ${listSome(late.map(({ day }) => day))}.`)]),
  ];
}

function checkAuthorities({ authorities: allowed }: Wanted, found: readonly Authority[]): Objection[] {
  // Levels are no authorities, and asked for by their date. Everything else of shim's counts, as it lets more start.
  const counted = found.filter(({ content }) => content.kind !== 'sbat-level');
  return checkAllowed(
    'authorities',
    allowed,
    counted.map(({ content }) => content),
  );
}

/** Root can measure further levels at any time, so the lowest of them is the one that counts. */
function checkSbatLevel({ sbatLevel: wanted }: Wanted, authorities: readonly Authority[]): Objection[] {
  if (wanted === undefined) return [];
  const levels = authorities.filter(({ variable }) => variable === 'SbatLevel');
  const dates = levels.map(({ content }) => (content.kind === 'sbat-level' ? content.date : null));
  const [lowest] = dates.map((date) => date ?? '').sort();
  if (lowest === undefined || lowest === '')
    return [unknown(['secureBoot', 'sbatLevel'], 'No level of revocations by shim was measured.')];
  if (lowest >= wanted) return [];
  return [keys('sbatLevel', `shim goes by the level of ${lowest}; ${wanted} is asked for.`)];
}
