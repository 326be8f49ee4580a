/**
 * Reports whether Windows reserves a name, with any extension, for a device. Files on Windows cannot have these names,
 * and folders are shared between systems.
 */
export const isReservedName = (name: string): boolean =>
  /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i.test(name)
