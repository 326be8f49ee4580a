import { sep } from 'node:path'

/**
 * Gives the AppImage that this program runs from; undefined otherwise. A terminal may pass on its own variables, so
 * the program must lie in the mount. @see https://docs.appimage.org/packaging-guide/environment-variables.html
 */
export function appImage(
  { APPIMAGE, APPDIR }: NodeJS.ProcessEnv = process.env,
  program = process.execPath
): string | undefined {
  return APPDIR !== undefined && program.startsWith(APPDIR + sep) ? APPIMAGE : undefined
}
