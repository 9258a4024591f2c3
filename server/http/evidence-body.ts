import { toBindingDocument } from '../../verifier/evidence/binding.ts';
import { type Evidence, toEvidenceDocument, toLogsDocument } from '../../verifier/evidence/evidence.ts';
import { type LogSelection, selectLogs, wholeLogs } from '../attester/select-logs.ts';

/**
 * The evidence document in parts of bytes. Evidence by the same quote differs in nothing but its binding and in how much of
 * the logs it holds, and the logs are large: the rest is written as JSON once a quote, and held in memory once, however many
 * clients wait for it.
 */
export function evidenceBody(evidence: Evidence, selection: LogSelection = wholeLogs): readonly Buffer[] {
  const known = written.get(evidence.quote);
  const quoted = known ?? { head: Buffer.from(headText(evidence)), logs: new Map<string, Buffer>() };
  if (known === undefined) written.set(evidence.quote, quoted);
  const binding = Buffer.from(`{"binding":${JSON.stringify(toBindingDocument(evidence.binding))},`);
  return [binding, quoted.head, logsOf(evidence, selection, quoted.logs)];
}

interface Written {
  readonly head: Buffer;
  /** By what was selected. */
  readonly logs: Map<string, Buffer>;
}

const written = new WeakMap<Evidence['quote'], Written>();

/** Every client could ask for another part of a large log; those who come later get it whole. */
const maximumForms = 16;

function logsOf(evidence: Evidence, selection: LogSelection, forms: Written['logs']): Buffer {
  const isNamed = evidence.claims.logs.firmware?.sha256 === selection.knownFirmware;
  const key = `${isNamed} ${selection.from}`;
  const known = forms.get(key);
  if (known !== undefined) return known;
  if (forms.size >= maximumForms && selection !== wholeLogs) return logsOf(evidence, wholeLogs, forms);
  const text = Buffer.from(`"logs":${JSON.stringify(toLogsDocument(selectLogs(evidence, selection)))}}`);
  forms.set(key, text);
  return text;
}

function headText(evidence: Evidence): string {
  const none = { firmware: null, from: 0, userspace: new Uint8Array(0) };
  const { version, claims, quote, pcrs, identity } = toEvidenceDocument({ ...evidence, logs: none });
  return `${JSON.stringify({ version, claims, quote, pcrs, identity }).slice(1, -1)},`;
}
