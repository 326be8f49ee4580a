import type { Command, Option } from 'commander'

const SHARED = new WeakSet<Option>()

/** Marks an option that many commands share. The short help omits it. */
export function markShared(option: Option): void {
  SHARED.add(option)
}

export const isShared = (option: Option): boolean => SHARED.has(option)

/** Returns the words of a command, such as `slr task import`. */
export const calledAs = (command: Command): string =>
  command.parent === null ? command.name() : `${calledAs(command.parent)} ${command.name()}`
