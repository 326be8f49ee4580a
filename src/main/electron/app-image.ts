import { sep } from 'node:path'

/**
 * Gives the AppImage that this program runs from; undefined otherwise. The program's own path lies in a mount
 * that ends with it. A terminal that is an AppImage passes its variables to every program, so the program
 * must lie in the mount.
 *
 * @see https://docs.appimage.org/packaging-guide/environment-variables.html
 */
export function appImage(
  { APPIMAGE, APPDIR }: NodeJS.ProcessEnv = process.env,
  program = process.execPath
): string | undefined {
  return APPDIR !== undefined && program.startsWith(APPDIR + sep) ? APPIMAGE : undefined
}
