import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import type { MergeAccess } from '../host/merge/merge-input.ts';
import { systemdMergeTool } from '../host/merge/merge-tool.ts';
import { readImageDevices } from '../host/merged/image-devices.ts';
import { readMerged } from '../host/merged/read-merged.ts';
import { systemdVersion } from '../host/systemd/capabilities.ts';

/** The real thing, on this system below a root. @throws CouldNotDecide if there is no systemd-sysext. */
export async function mergeAccess(root: string): Promise<MergeAccess> {
  const version = await systemdVersion();
  return {
    tool: (extensionClass: ExtensionClass) => systemdMergeTool(root, extensionClass, version),
    readMerged: (extensionClass: ExtensionClass) => readMerged(root, extensionClass),
    readDevices: readImageDevices,
  };
}
