import type { Command, Option } from 'commander'

const SHARED = new WeakSet<Option>()

/** Marks an option that many commands share: it is left out of the help unless all of it is asked for. */
export function markShared(option: Option): void {
  SHARED.add(option)
}

export const isShared = (option: Option): boolean => SHARED.has(option)

/** Such as `slr task import`. */
export const calledAs = (command: Command): string =>
  command.parent === null ? command.name() : `${calledAs(command.parent)} ${command.name()}`
