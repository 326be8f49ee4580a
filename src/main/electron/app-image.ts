import { sep } from 'node:path'

/**
 * Returns the AppImage that this program runs from; undefined elsewhere. The path of the program itself lies in a mount that ends with it.
 * A terminal that is an AppImage hands its own variables to every program, so the program has to lie in the mount.
 *
 * @see https://docs.appimage.org/packaging-guide/environment-variables.html
 */
export function appImage(
  { APPIMAGE, APPDIR }: NodeJS.ProcessEnv = process.env,
  program = process.execPath
): string | undefined {
  return APPDIR !== undefined && program.startsWith(APPDIR + sep) ? APPIMAGE : undefined
}
