import { basename, dirname } from 'node:path'
import { Argument } from 'commander'
import { elementAt } from '../../../contract/model/look-up'
import { absolutePath } from '../../base/files/places'
import { openPair } from '../../checkpoint/pair'
import { builtinPromptSet } from '../../crc/task/builtin-prompts'
import { createProject } from '../../project/create-project'
import { pairPaths } from '../../project/demo'
import { shellCommand } from '../../report/shown-command'
import { pairOptions, requirePair } from '../options/options'
import { subcommand } from '../options/subcommand'
import { printJson, printShown, printable } from '../printing/output'

/** `slr project new`: creates a project with its first pair and the prompts that suit the pair. */
export const projectNewCommand = subcommand(pairOptions, {
  operands: [new Argument('<project>', 'folder NAME.slr to create; its parent must exist')],
  async run(options, command) {
    const pair = await requirePair(options, command)
    const folders = pairPaths(pair)
    await openPair(folders.base, folders.post)
    const path = absolutePath(elementAt(command.args, 0, 'project'))
    const project = await createProject({
      folder: dirname(path),
      name: basename(path),
      pair,
      prompts: await builtinPromptSet(pair.kind === 'demo' ? 'demo-crc' : 'crc')
    })
    await project.close()
    if (options.json) {
      await printJson('new-project', { project: project.path, pair: project.firstPair.document.name })
      return
    }
    const next = shellCommand([['slr', 'sweep', '--project', project.path]])
    await printShown(`Created ${printable(project.path)}\nNext: ${next}`)
  }
})
