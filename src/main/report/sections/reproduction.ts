import type { Report } from '../../../contract/documents/report'
import { type Block, emptySection, fold, paragraph, type Section } from '../blocks'

/** How to compute every part again. */
export function reproductionSection({ reproduction, programVersion }: Report): Section {
  const section = { id: 'reproduce', title: 'From the command line' }
  if (reproduction.length === 0) return emptySection(section, 'There is nothing to compute again yet.')
  return {
    ...section,
    blocks: [
      paragraph(
        `These commands of SLR Workbench ${programVersion} compute every part again, all in one folder. Write the files of a part into it first; put the ` +
          'folders of the models there under the names in the commands, or write yours instead. ' +
          'Results are the same on the same device; near-ties may fall otherwise on another processor.'
      ),
      ...reproduction.flatMap(({ part, note, commands }): Block[] => [
        { kind: 'heading', text: part },
        ...(note === null ? [] : [paragraph(note)]),
        ...files(commands).map(({ name, content }) => fold(name, [{ kind: 'code', text: content }])),
        ...commands.map(({ command }): Block => ({ kind: 'code', text: command }))
      ])
    ]
  }
}

type Commands = Report['reproduction'][number]['commands']

/** What several commands read is written once. */
function files(commands: Commands): Commands[number]['files'] {
  const byName = new Map(commands.flatMap((command) => command.files.map((file) => [file.name, file])))
  return [...byName.values()]
}
