/** Reports whether Windows reserves a name, with any extension, for a device. */
export const isReservedName = (name: string): boolean => /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i.test(name)
