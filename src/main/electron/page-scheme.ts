import { readFile } from 'node:fs/promises'
import { app, protocol, session } from 'electron'
import { rendererFiles } from '../serve/renderer-files'

/** Scheme that gives the page its own origin; all file:// addresses would share one. */
const SCHEME = 'slr'
const OWN_PAGE = `${SCHEME}://workbench/`

/** Address at which `npm run dev` serves the page from its sources. */
const DEV_PAGE = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL']

export const PAGE = DEV_PAGE ?? OWN_PAGE

/** Registers the scheme; call it before Electron is ready. */
export function registerScheme(): void {
  // With the code cache, the script is compiled only once.
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, codeCache: true } }
  ])
}

/** Serves the files of the built page under the scheme, and nothing else. */
export async function servePage(): Promise<void> {
  if (DEV_PAGE !== undefined) return
  const files = await rendererFiles()
  protocol.handle(SCHEME, async ({ url }) => {
    const { host, pathname } = new URL(url)
    const page = host === new URL(OWN_PAGE).host ? files.get(pathname) : undefined
    if (page === undefined) return new Response(null, { status: 404 })
    return new Response(new Uint8Array(await readFile(page.file)), { headers: page.headers })
  })
}

/** Restricts the session. The only permission of the page is to copy text, and all network requests are refused. */
export function restrictSession(): void {
  const { defaultSession } = session
  const allowed = (permission: string): boolean => permission === 'clipboard-sanitized-write'
  defaultSession.setPermissionCheckHandler((_page, permission) => allowed(permission))
  defaultSession.setPermissionRequestHandler((_page, permission, answer) => answer(allowed(permission)))
  // Dictionaries would be downloaded from Chromium's servers, on Linux and Windows.
  defaultSession.setSpellCheckerEnabled(false)
  defaultSession.setSpellCheckerDictionaryDownloadURL(`${SCHEME}://none/`)
}
