import { Malformed } from '../bytes/failures.ts';
import { type Reason, reason } from '../reasons.ts';
import { type Authority, readAuthority } from './authority.ts';
import { type EfiVariable, efiVendors, parseEfiVariable } from './efi-variable.ts';
import { eventType } from './event-types.ts';
import { readAction } from './firmware-action.ts';
import { describeEvent, type FirmwareEvent } from './firmware-log.ts';
import { type BankedLog, measuredPart } from './measured-data.ts';
import { isSeparator } from './separators.ts';
import { type EfiSignature, parseSignatureLists } from './signature-list.ts';

/** What the firmware measured about Secure Boot before it started anything. */
export interface SecureBootState {
  readonly known: true;
  readonly enabled: boolean;
  readonly pk: readonly EfiSignature[];
  readonly kek: readonly EfiSignature[];
  readonly db: readonly EfiSignature[];
  readonly dbx: readonly EfiSignature[];
  /** Further variables by name, such as `AuditMode`: their bytes. */
  readonly others: ReadonlyMap<string, Uint8Array>;
  /** Actions such as `DMA Protection Disabled` or `UEFI Debug Mode`. */
  readonly actions: readonly string[];
  /** What let drivers start before the separator, and images after it. */
  readonly authorities: readonly Authority[];
}

/** Without certainty there are reasons. */
export type SecureBoot = SecureBootState | { readonly known: false; readonly reasons: readonly Reason[] };

const databaseNames = ['PK', 'KEK', 'db', 'dbx'] as const;

/**
 * Reads PCR 7 (TCG "PC Client Platform Firmware Profile", section 3.3.4.8). Before the separator every event must be one that is
 * understood and whose data is what was measured: an event passed over could be the one that says that Secure Boot is off.
 *
 * @param events those that extend PCR 7, in order, with one separator among them (`checkSeparator`).
 * @returns the state, and the events that it does not come from.
 */
export function readSecureBoot(
  log: BankedLog,
  events: readonly FirmwareEvent[],
): { readonly secureBoot: SecureBoot; readonly rest: readonly FirmwareEvent[] } {
  try {
    const rest: FirmwareEvent[] = [];
    return { secureBoot: read(log, events, rest), rest };
  } catch (error) {
    if (error instanceof Malformed) return { secureBoot: unclear(`${error.message}.`), rest: events };
    throw error;
  }
}

function unclear(message: string): SecureBoot {
  return { known: false, reasons: [reason('secure-boot-unclear', message)] };
}

function read(log: BankedLog, events: readonly FirmwareEvent[], rest: FirmwareEvent[]): SecureBootState {
  const border = events.findIndex((event) => isSeparator(log.log, event, log.bank));
  const variables = new Map<string, EfiVariable>();
  const actions: string[] = [];
  const authorities: Authority[] = [];
  for (const event of events.slice(0, border)) {
    if (event.claimedType === eventType.variableAuthority) authorities.push(requireAuthority(log, event));
    else if (event.claimedType === eventType.action) actions.push(requireAction(log, event));
    else addVariable(variables, log, event);
  }
  for (const event of events.slice(border + 1)) {
    if (event.claimedType === eventType.variableDriverConfig)
      throw new Malformed(describeEvent(event), 'changes Secure Boot after it was measured');
    const authority = event.claimedType === eventType.variableAuthority ? readAuthority(log, event) : null;
    if (authority === null) rest.push(event);
    else authorities.push(authority);
  }
  return toState(variables, actions, authorities);
}

function requireAuthority(log: BankedLog, event: FirmwareEvent): Authority {
  const authority = readAuthority(log, event);
  if (authority === null) throw new Malformed(describeEvent(event), 'is no authority that was measured');
  return authority;
}

function requireAction(log: BankedLog, event: FirmwareEvent): string {
  const action = readAction(log, event);
  if (action === null) throw new Malformed(describeEvent(event), 'is no action that was measured');
  return action.text;
}

function addVariable(variables: Map<string, EfiVariable>, log: BankedLog, event: FirmwareEvent): void {
  const measured = event.claimedType === eventType.variableDriverConfig ? measuredPart(log, event) : null;
  if (measured === null) throw new Malformed(describeEvent(event), 'is no variable that was measured');
  const variable = parseEfiVariable(measured);
  if (variables.has(variable.name))
    throw new Malformed(describeEvent(event), `is ${JSON.stringify(variable.name)} again`);
  if (variable.vendor !== vendorOf(variable.name))
    throw new Malformed(
      describeEvent(event),
      `is a ${JSON.stringify(variable.name)} of vendor ${variable.vendor}`,
    );
  variables.set(variable.name, variable);
}

/** Of another vendor anybody may have a variable of that name. */
function vendorOf(name: string): string {
  return name.startsWith('db') ? efiVendors.imageSecurity : efiVendors.global;
}

function toState(
  variables: ReadonlyMap<string, EfiVariable>,
  actions: readonly string[],
  authorities: readonly Authority[],
): SecureBootState {
  const missing = ['SecureBoot', ...databaseNames].filter((name) => !variables.has(name));
  if (missing.length > 0) throw new Malformed('PCR 7', `has no event of ${missing.join(', ')}`);
  const data = (name: string): Uint8Array => variables.get(name)?.data ?? new Uint8Array();
  const enabled = readSwitch(data('SecureBoot'));
  const pk = parseSignatureLists(data('PK'));
  if (enabled && pk.length === 0)
    throw new Malformed('PCR 7', 'says that Secure Boot is on without a platform key');
  const others = [...variables.values()].filter(
    ({ name }) => name !== 'SecureBoot' && !databaseNames.some((database) => database === name),
  );
  return {
    known: true,
    enabled,
    pk,
    kek: parseSignatureLists(data('KEK')),
    db: parseSignatureLists(data('db')),
    dbx: parseSignatureLists(data('dbx')),
    others: new Map(others.map(({ name, data: bytes }) => [name, new Uint8Array(bytes)])),
    actions,
    authorities,
  };
}

/** Some firmware measures SecureBoot without a value where the variable is not there. */
function readSwitch(data: Uint8Array): boolean {
  const [value = 0] = data;
  if (data.length > 1 || value > 1) throw new Malformed('SecureBoot', 'is neither 0 nor 1');
  return value === 1;
}
