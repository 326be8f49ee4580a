import type { Command } from 'commander'
import { WorkbenchError } from '../../../contract/model/problem'
import { absolutePath, modelPath } from '../../base/files/places'
import { isWithin } from '../../base/files/within'
import { HalfUnavailable } from '../../work/chosen-device'
import { UsageError } from '../printing/output'

/** Text that may follow a path in a message: the end, punctuation, or a file below it. */
const PATH_END = /^(?:$|[\s.,:;'")/\\])/

/**
 * Names the option that gave the file or folder of an error.
 *
 * @returns the same error if no option gave the path, or if the message names an option
 */
export function errorNamingOption(error: unknown, command: Command): unknown {
  if (error instanceof HalfUnavailable) {
    const { device } = error
    return new UsageError(
      `--precision fp16 does not work on ${device}: leave it out, or use another device such as webgpu`,
      'slr doctor --help'
    )
  }
  if (!(error instanceof WorkbenchError)) return error
  const { code, message, hint } = error.problem
  // A mismatch concerns two places, which its message names.
  if (code === 'mismatch' || /(?:^|\s)--[a-z]/.test(message)) return error
  // The longest path is meant, because a folder may contain the others.
  const [named, ...others] = givenPaths(command)
    .filter(({ path }) => namesPath(message, path))
    .sort((a, b) => b.path.length - a.path.length)
  if (named === undefined || others.some(({ path }) => !isWithin(path, named.path))) return error
  return new WorkbenchError(code, `${named.flag}: ${message}`, hint)
}

/** Lists option values that may be paths, as absolute paths. */
function givenPaths(command: Command): { flag: string; path: string }[] {
  return command.options.flatMap((option) => {
    const value: unknown = command.getOptionValue(option.attributeName())
    const values: unknown[] = Array.isArray(value) ? value : [value]
    return values.flatMap((text) => {
      if (typeof text !== 'string' || text === '') return []
      const flag = option.long ?? option.flags
      return [...new Set([absolutePath(text), modelPath(text)])].map((path) => ({ flag, path }))
    })
  })
}

function namesPath(message: string, path: string): boolean {
  const start = message.indexOf(path)
  return start !== -1 && PATH_END.test(message.slice(start + path.length))
}
