import { join } from 'node:path'
import { ownPackage, plainFolder } from './resources'

/*
 * What the build made. Not relative to the running module: the bundler may move shared code into a folder of chunks, and tests
 * run from the sources.
 */

/** The absolute path of something that this process itself reads or shows, such as `builtPath('renderer')`. */
export function builtPath(...parts: string[]): string {
  return join(ownPackage(), 'out', ...parts)
}

/** The absolute path of a script of main's that a process or thread is started with, such as `builtScript('engine.js')`. */
export function builtScript(name: string): string {
  return join(plainFolder(), 'out', 'main', name)
}
