import { join } from 'node:path'
import { runningPackage, plainFolder } from './resources'

/* Locates files that the build wrote. Their paths differ between the bundled program and tests, which run sources. */

/** Gives the absolute path of a built file, such as `builtPath('renderer')`. */
export function builtPath(...parts: string[]): string {
  return join(runningPackage(), 'out', ...parts)
}

/** Gives the absolute path of a built script, such as `builtScript('engine.js')`. */
export function builtScript(name: string): string {
  return join(plainFolder(), 'out', 'main', name)
}
