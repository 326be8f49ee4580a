import { resourcePath } from './resources'

/**
 * The absolute path of something the build made, such as `builtPath('main', 'engine.js')`. Not relative to the running
 * module: the bundler may move shared code into a folder of chunks, and tests run from the sources.
 */
export function builtPath(...parts: string[]): string {
  return resourcePath('..', 'out', ...parts)
}
