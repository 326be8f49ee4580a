import { readFile } from 'node:fs/promises'
import { app, protocol, session } from 'electron'
import { rendererFiles } from '../serve/renderer-files'

/** The page has an origin of its own; file:// addresses would all share one. */
const SCHEME = 'slr'
const OWN_PAGE = `${SCHEME}://workbench/`

/** Where `npm run dev` serves the page from its sources. */
const DEV_PAGE = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL']

export const PAGE = DEV_PAGE ?? OWN_PAGE

/** Before Electron is ready. */
export function registerScheme(): void {
  // With the cache, its script is compiled once, and not at every start.
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, codeCache: true } }
  ])
}

export async function servePage(): Promise<void> {
  if (DEV_PAGE !== undefined) return
  const files = await rendererFiles()
  protocol.handle(SCHEME, async ({ url }) => {
    const { host, pathname } = new URL(url)
    const found = host === new URL(OWN_PAGE).host ? files.get(pathname) : undefined
    if (found === undefined) return new Response(null, { status: 404 })
    return new Response(new Uint8Array(await readFile(found.file)), { headers: found.headers })
  })
}

/** The page asks for nothing but to copy numbers, and nothing of the session asks the network. */
export function restrictSession(): void {
  const { defaultSession } = session
  const allowed = (permission: string): boolean => permission === 'clipboard-sanitized-write'
  defaultSession.setPermissionCheckHandler((_page, permission) => allowed(permission))
  defaultSession.setPermissionRequestHandler((_page, permission, answer) => answer(allowed(permission)))
  // Dictionaries would be fetched from Chromium's servers, on Linux and Windows.
  defaultSession.setSpellCheckerEnabled(false)
  defaultSession.setSpellCheckerDictionaryDownloadURL(`${SCHEME}://none/`)
}
