/** Whether Windows keeps a name for a device, with any ending: nothing can be called so there, and folders are passed on. */
export const isReservedName = (name: string): boolean =>
  /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i.test(name)
