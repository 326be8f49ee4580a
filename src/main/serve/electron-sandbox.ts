import { statSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Setting of Ubuntu, from 23.10 on, that allows programs of users to open namespaces, which Chromium's
 * sandbox needs.
 */
const RESTRICTED = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns'

/** Mode of the helper that works without namespaces; it must also be owned by root. */
const SETUID_ROOT = 0o4755

/**
 * Explains why Chromium's sandbox would end Electron before it shows a window, with the remedy; null if it
 * would not.
 *
 * @param binary path of Electron
 */
export function sandboxProblem(binary: string, setting = RESTRICTED): string | null {
  if (process.platform !== 'linux' || !isRestricted(setting)) return null
  const helper = join(dirname(binary), 'chrome-sandbox')
  const helperStats = statSync(helper, { throwIfNoEntry: false })
  if (helperStats?.uid === 0 && (helperStats.mode & SETUID_ROOT) === SETUID_ROOT) return null
  return (
    "AppArmor keeps Electron's sandbox from starting on this system; to allow it: " +
    `sudo chown root:root '${helper}' && sudo chmod 4755 '${helper}'`
  )
}

function isRestricted(setting: string): boolean {
  try {
    return readFileSync(setting, 'utf8').trim() === '1'
  } catch {
    return false
  }
}
