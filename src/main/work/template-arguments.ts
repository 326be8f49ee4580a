import { inputError } from '../../contract/model/problem'
import type { RenderingSettings } from '../../contract/work/settings'
import { askSandbox } from '../sandbox/host'
import { recentTextModel } from '../text/recent-text-models'

/** Refuses template arguments whose variables the chat template does not read, because they would change nothing. */
export async function requireKnownTemplateVariables(
  { templateArgument = [] }: Pick<RenderingSettings, 'templateArgument'>,
  textFolder: string
): Promise<void> {
  if (templateArgument.length === 0) return
  const { folder, chatTemplate } = await recentTextModel(textFolder)
  if (chatTemplate === null) {
    throw inputError(`${folder} has no chat template, and --template-argument would change nothing.`, 'Leave it out.')
  }
  const request = { kind: 'template-variables', ...chatTemplate } as const
  const { texts: variables } = await askSandbox(request, 'texts')
  const unknownName = templateArgument.map(([name]) => name).find((name) => !variables.includes(name))
  if (unknownName === undefined) return
  throw inputError(
    `--template-argument ${unknownName}: the chat template in ${chatTemplate.file} reads no such variable.`,
    variables.length === 0
      ? 'It reads none that can be given: leave the option out.'
      : `It reads ${variables.join(', ')}.`
  )
}
