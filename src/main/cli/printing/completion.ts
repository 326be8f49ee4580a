import type { Command, Option } from 'commander'
import { UsageError } from './output'

/** A command with the words that can follow it. */
interface CompletedCommand {
  /** Words of the command, such as `task import`. */
  readonly words: string
  readonly subcommands: readonly Command[]
  readonly options: readonly Option[]
}

const completedCommands = (program: Command): CompletedCommand[] =>
  program.commands.flatMap((command) =>
    [command, ...command.commands].map((part) => ({
      words: part === command ? part.name() : `${command.name()} ${part.name()}`,
      subcommands: part.commands,
      options: part.options.filter(({ hidden }) => !hidden)
    }))
  )

const flags = (options: readonly Option[]): string => ['--help', ...options.flatMap(({ long }) => long ?? [])].join(' ')

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Returns the script for bash, which zsh reads too. Other words are completed as files. */
function bashScript(program: Command): string {
  const commands = completedCommands(program)
  const choices = commands.flatMap(({ words, options }) =>
    options.flatMap(({ long, argChoices }) =>
      argChoices === undefined
        ? []
        : [`    ${quoted(`${words} `)}*${quoted(long ?? '')}) list=${quoted(argChoices.join(' '))} ;;`]
    )
  )
  const lists = commands.map(({ words, subcommands, options }) => {
    const names = subcommands.map((command) => command.name())
    return `    ${quoted(`${words} `)}*) list=${quoted([...names, flags(options)].join(' '))} ;;`
  })
  return [
    '_slr() {',
    '  local typed="${COMP_WORDS[COMP_CWORD]}" list=""',
    '  local line="${COMP_WORDS[1]} ${COMP_WORDS[2]} "',
    '  case "$line${COMP_WORDS[COMP_CWORD-1]}" in',
    ...choices,
    '  esac',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    list=${quoted(program.commands.map((command) => command.name()).join(' '))}`,
    '  elif [ -z "$list" ]; then case "$line" in',
    ...lists.toReversed(),
    '  esac; fi',
    '  COMPREPLY=( $(compgen -W "$list" -- "$typed") )',
    '}',
    'complete -o default -F _slr slr'
  ].join('\n')
}

function fishScript(program: Command): string {
  const completionLine = (condition: string, words: string, description: string): string =>
    `complete -c slr -n ${quoted(condition)} ${words} -d ${quoted(description)}`
  return [
    ...program.commands.map((command) =>
      completionLine('__fish_use_subcommand', `-f -a ${command.name()}`, command.description())
    ),
    ...completedCommands(program).flatMap(({ words, subcommands, options }) => {
      const seen = words
        .split(' ')
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join('; and ')
      return [
        ...subcommands.map((command) => completionLine(seen, `-f -a ${command.name()}`, command.description())),
        ...options.map(({ long, argChoices, description, required }) => {
          const values = argChoices === undefined ? '' : ` -f -a ${quoted(argChoices.join(' '))}`
          return completionLine(seen, `-l ${long?.slice(2) ?? ''}${required ? ' -r' : ''}${values}`, description)
        })
      ]
    })
  ].join('\n')
}

const HELP = 'Usage: slr completion <bash|zsh|fish>\n\nprint a script that completes commands and options'

const SCRIPTS: ReadonlyMap<string | undefined, (program: Command) => string> = new Map([
  ['--help', () => HELP],
  ['-h', () => HELP],
  ['bash', bashScript],
  ['zsh', (program) => `autoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}`],
  ['fish', fishScript]
])

/** Returns the completion script of a shell, or the help. @throws UsageError for another shell */
export function completionScript(program: Command, shell: string | undefined): string {
  const script = SCRIPTS.get(shell)
  if (script !== undefined) return script(program)
  throw new UsageError('completion of which shell? Name bash, zsh or fish', 'slr --help')
}
