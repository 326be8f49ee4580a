import { parse } from 'yaml'
import { WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import type { YamlRequest } from './messages'

/** @throws WorkbenchError `bad-file` when it is not YAML */
export function parsedYaml({ text, file, maxAliases }: YamlRequest): unknown {
  try {
    return parse(text, { maxAliasCount: maxAliases, prettyErrors: true, logLevel: 'error' })
  } catch (error) {
    const [message = ''] = errorMessage(error).split('\n')
    throw new WorkbenchError('bad-file', `${file} is not YAML: ${message.replace(/:$/, '')}.`)
  }
}
