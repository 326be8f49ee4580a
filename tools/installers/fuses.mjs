import { join } from 'node:path'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'

/** Electron's fuses (docs/tutorial/fuses.md of its sources): no way in but the program's own. */
export const FUSES = {
  // Everything that needs a plain Node has one beside it.
  runAsNode: false,
  enableCookieEncryption: false,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  loadBrowserProcessSpecificV8Snapshot: false,
  grantFileProtocolExtraPrivileges: false
}

/**
 * Reads the fuses back from what was made.
 *
 * @param {{ appOutDir: string, electronPlatformName: string, packager: import('electron-builder').PlatformPackager<any> }} made
 * @throws Error naming those that are not as FUSES says
 */
export async function checkFuses({ appOutDir, electronPlatformName, packager }) {
  const name = packager.appInfo.productFilename
  const binary = { darwin: `${name}.app`, win32: `${name}.exe`, linux: packager.executableName }[electronPlatformName]
  const wire = await getCurrentFuseWire(join(appOutDir, binary))
  const wrong = Object.entries(FUSES).filter(([fuse, on]) => {
    const option = FuseV1Options[fuse[0].toUpperCase() + fuse.slice(1)]
    return String.fromCharCode(wire[option]) !== (on ? '1' : '0')
  })
  if (wrong.length > 0) throw new Error(`fuses of ${binary} are not set: ${wrong.map(([fuse]) => fuse).join(', ')}`)
  console.log('Fuses are set, and were read back.')
}
