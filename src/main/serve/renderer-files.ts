import { readdir } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { notFoundError } from '../../contract/model/problem'
import { builtPath } from '../base/built'

/** A file of the built page, with the HTTP headers of its response. */
interface RendererFile {
  file: string
  headers: Record<string, string>
}

const CONTENT_TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml'
}

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

export const SECURITY_HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  // Other pages may not embed this page, and may not access its window or files.
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin'
}

/** Returns the files of the built page by their paths in addresses. No other files are served. */
export async function rendererFiles(folder = builtPath('renderer')): Promise<ReadonlyMap<string, RendererFile>> {
  const files = new Map<string, RendererFile>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const address = `/${relative(folder, file).split(sep).join('/')}`
    const contentType = CONTENT_TYPES[extname(file)] ?? 'application/octet-stream'
    // Built assets have a hash of their content in their names. The page that contains these names must be fresh.
    const cacheControl = address.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-store'
    const headers = { ...SECURITY_HEADERS, 'Content-Type': contentType, 'Cache-Control': cacheControl }
    files.set(address, { file, headers })
  }
  const page = files.get('/index.html')
  if (page === undefined) {
    throw notFoundError(
      `The window's page is missing: ${folder} holds no index.html.`,
      'Build the program first: npm run build.'
    )
  }
  return files.set('/', page)
}
