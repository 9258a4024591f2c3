/**
 * Types of events (TCG "PC Client Platform Firmware Profile" 1.06, section 10.4.1). A type is the log writer's word: it is not
 * part of what is hashed into the PCR.
 */
export const eventType = {
  noAction: 0x0000_0003,
  separator: 0x0000_0004,
  eventTag: 0x0000_0006,
  ipl: 0x0000_000d,
  variableDriverConfig: 0x8000_0001,
  bootServicesApplication: 0x8000_0003,
  bootServicesDriver: 0x8000_0004,
  runtimeServicesDriver: 0x8000_0005,
  action: 0x8000_0007,
  variableAuthority: 0x8000_00e0,
} as const;

const names: ReadonlyMap<number, string> = new Map([
  [0x0000_0000, 'EV_PREBOOT_CERT'],
  [0x0000_0001, 'EV_POST_CODE'],
  [0x0000_0002, 'EV_UNUSED'],
  [eventType.noAction, 'EV_NO_ACTION'],
  [eventType.separator, 'EV_SEPARATOR'],
  [0x0000_0005, 'EV_ACTION'],
  [eventType.eventTag, 'EV_EVENT_TAG'],
  [0x0000_0007, 'EV_S_CRTM_CONTENTS'],
  [0x0000_0008, 'EV_S_CRTM_VERSION'],
  [0x0000_0009, 'EV_CPU_MICROCODE'],
  [0x0000_000a, 'EV_PLATFORM_CONFIG_FLAGS'],
  [0x0000_000b, 'EV_TABLE_OF_DEVICES'],
  [0x0000_000c, 'EV_COMPACT_HASH'],
  [eventType.ipl, 'EV_IPL'],
  [0x0000_000e, 'EV_IPL_PARTITION_DATA'],
  [0x0000_000f, 'EV_NONHOST_CODE'],
  [0x0000_0010, 'EV_NONHOST_CONFIG'],
  [0x0000_0011, 'EV_NONHOST_INFO'],
  [0x0000_0012, 'EV_OMIT_BOOT_DEVICE_EVENTS'],
  [0x0000_0013, 'EV_POST_CODE2'],
  [eventType.variableDriverConfig, 'EV_EFI_VARIABLE_DRIVER_CONFIG'],
  [0x8000_0002, 'EV_EFI_VARIABLE_BOOT'],
  [eventType.bootServicesApplication, 'EV_EFI_BOOT_SERVICES_APPLICATION'],
  [eventType.bootServicesDriver, 'EV_EFI_BOOT_SERVICES_DRIVER'],
  [eventType.runtimeServicesDriver, 'EV_EFI_RUNTIME_SERVICES_DRIVER'],
  [0x8000_0006, 'EV_EFI_GPT_EVENT'],
  [eventType.action, 'EV_EFI_ACTION'],
  [0x8000_0008, 'EV_EFI_PLATFORM_FIRMWARE_BLOB'],
  [0x8000_0009, 'EV_EFI_HANDOFF_TABLES'],
  [0x8000_000a, 'EV_EFI_PLATFORM_FIRMWARE_BLOB2'],
  [0x8000_000b, 'EV_EFI_HANDOFF_TABLES2'],
  [0x8000_000c, 'EV_EFI_VARIABLE_BOOT2'],
  [0x8000_000d, 'EV_EFI_GPT_EVENT2'],
  [0x8000_0010, 'EV_EFI_HCRTM_EVENT'],
  [eventType.variableAuthority, 'EV_EFI_VARIABLE_AUTHORITY'],
  [0x8000_00e1, 'EV_EFI_SPDM_FIRMWARE_BLOB'],
  [0x8000_00e2, 'EV_EFI_SPDM_FIRMWARE_CONFIG'],
  [0x8000_00e3, 'EV_EFI_SPDM_DEVICE_POLICY'],
  [0x8000_00e4, 'EV_EFI_SPDM_DEVICE_AUTHORITY'],
]);

/** The name the profile gives a type, or the number in hexadecimal. */
export function eventTypeName(type: number): string {
  return names.get(type) ?? `0x${type.toString(16).padStart(8, '0')}`;
}
