import { type Command, Help, type HelpConfiguration } from 'commander'
import { calledAs, isShared } from './shared-options'

/** Minimum width of a description beside its option. */
const LEAST_BESIDE = 40

const INDENT = ' '.repeat(6)

/**
 * Lays out the help of every command. On a narrow terminal, descriptions follow below their options.
 *
 * @param isWhole true lists shared options too
 */
export const helpLayout = (isWhole: boolean): HelpConfiguration => ({
  minWidthToWrap: 20,
  // Options of commands that are not loaded are unknown.
  subcommandTerm: (command) =>
    command.parent?.parent === null ? command.name() : `${command.name()} ${command.usage()}`,
  visibleOptions(command) {
    const options = Help.prototype.visibleOptions.call(this, command)
    return isWhole ? options : options.filter((option) => !isShared(option))
  },
  formatItem(term, termWidth, description, helper) {
    const width = helper.helpWidth ?? 80
    const beside = width - termWidth - 4
    if (description === '' || beside >= LEAST_BESIDE)
      return Help.prototype.formatItem.call(helper, term, termWidth, description, helper)
    const below = helper.boxWrap(description, width - INDENT.length).replaceAll('\n', `\n${INDENT}`)
    return `  ${term}\n${INDENT}${below}`
  },
  formatItemList(heading, items, helper) {
    const title = helper.boxWrap(heading, helper.helpWidth ?? 80)
    return Help.prototype.formatItemList.call(helper, title, items, helper)
  }
})

/** Returns the line on shared options; empty where a command has none. */
export const sharedOptionsNote = (command: Command): string =>
  command.options.some((option) => isShared(option) && !option.hidden)
    ? `\nMore options (model names, device, memory, chat template, --json): ${calledAs(command)} --help all`
    : ''
