import { type Command, Help, type HelpConfiguration } from 'commander'
import { calledAs, isShared } from './shared-options'

/** A description beside its option is readable in no less. */
const LEAST_BESIDE = 40

const INDENT = ' '.repeat(6)

/**
 * The help of every command: where a terminal is too narrow for two columns, what an option does stands below it.
 *
 * @param isWhole whether options that many commands share are listed too
 */
export const helpLayout = (isWhole: boolean): HelpConfiguration => ({
  minWidthToWrap: 20,
  // Of a command whose code is not loaded it knows no options.
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

/** The line that says how the options that many commands share are listed; empty where a command has none. */
export const sharedOptionsNote = (command: Command): string =>
  command.options.some((option) => isShared(option) && !option.hidden)
    ? `\nMore (names of models, devices, memory, rendering, --json): ${calledAs(command)} --help all`
    : ''
