import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import type { GateInput } from '../gate-input.ts';
import type { ImageDevices } from '../merged/image-devices.ts';
import type { MergedState } from '../merged/merged-state.ts';
import type { MergeTool } from './merge-tool.ts';

/** How what is merged is changed and looked at. */
export interface MergeAccess {
  readonly tool: (extensionClass: ExtensionClass) => MergeTool;
  readonly readMerged: (extensionClass: ExtensionClass) => Promise<MergedState>;
  readonly readDevices: () => Promise<ImageDevices>;
}

/** What merging works on: one class, as each is merged by itself. */
export interface MergeInput extends Omit<GateInput, 'classes'> {
  readonly class: ExtensionClass;
  readonly access: MergeAccess;
}
