import type { Report } from '../../../contract/documents/report'
import { type Block, block, emptySection, ifAny, type Section } from '../blocks'

export function reproductionSection({ reproduction, programVersion }: Report): Section {
  const section = { id: 'reproduce', title: 'From the command line' }
  if (reproduction.length === 0) return emptySection(section, 'There are no results to compute again yet.')
  return {
    ...section,
    blocks: [
      block.paragraph(
        `These commands of SLR Workbench ${programVersion} compute every part again, all in one folder. ` +
          'Write the files of a part into it first. ' +
          'Put the folders of the models there under the names in the commands, or use your own names. ' +
          'Results are the same on the same device. Near-ties may fall otherwise on another processor.'
      ),
      ...reproduction.flatMap(({ part, note, commands }): Block[] => [
        block.heading(part),
        ...ifAny(note, block.paragraph),
        ...files(commands).map(({ name, content }) => block.fold(name, [block.code(content)])),
        ...commands.map(({ command }) => block.code(command))
      ])
    ]
  }
}

type Commands = Report['reproduction'][number]['commands']

/** Lists the files of commands. A file that several commands read is listed once. */
function files(commands: Commands): Commands[number]['files'] {
  const byName = new Map(commands.flatMap((command) => command.files.map((file) => [file.name, file])))
  return [...byName.values()]
}
