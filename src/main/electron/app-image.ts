import { sep } from 'node:path'

/**
 * Returns the path of the AppImage (a program in one file on Linux) that this program runs from; undefined if none.
 * The variables may also come from a terminal that is an AppImage, so the program must lie in the mounted folder.
 * @see https://docs.appimage.org/packaging-guide/environment-variables.html
 */
export function appImage(
  { APPIMAGE, APPDIR }: NodeJS.ProcessEnv = process.env,
  program = process.execPath
): string | undefined {
  return APPDIR !== undefined && program.startsWith(APPDIR + sep) ? APPIMAGE : undefined
}
