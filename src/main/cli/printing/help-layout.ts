import { Help, type HelpConfiguration } from 'commander'

/** A description beside its option is readable in no less. */
const LEAST_BESIDE = 40

const INDENT = ' '.repeat(6)

/** The help of every command: where a terminal is too narrow for two columns, what an option does stands below it. */
export const HELP_LAYOUT: HelpConfiguration = {
  minWidthToWrap: 20,
  // Of a command whose code is not loaded it knows no options.
  subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
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
}
