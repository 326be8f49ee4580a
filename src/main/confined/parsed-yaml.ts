import { parse, YAMLParseError } from 'yaml'
import { WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import type { YamlRequest } from './messages'

/** @throws WorkbenchError `bad-file` when it is not YAML */
export function parsedYaml({ text, file, maxAliases }: YamlRequest): unknown {
  try {
    return parse(text, { maxAliasCount: maxAliases, prettyErrors: true, logLevel: 'error' })
  } catch (error) {
    if (error instanceof YAMLParseError && error.code === 'MULTIPLE_DOCS') {
      throw new WorkbenchError(
        'bad-file',
        `${file} holds several YAML documents, separated by "---"; one is read.`,
        'Put the document that is meant into a file of its own.'
      )
    }
    const [message = ''] = errorMessage(error).split('\n')
    throw new WorkbenchError('bad-file', `${file} is not YAML: ${message.replace(/:$/, '')}.`)
  }
}
