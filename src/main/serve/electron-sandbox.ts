import { statSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** AppArmor setting of Ubuntu, whose value 1 restricts the user namespaces of Chromium's sandbox. */
const RESTRICTION_FILE = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns'

/** File mode of the helper `chrome-sandbox`. If root owns the helper too, the sandbox works without user namespaces. */
const SETUID_ROOT = 0o4755

/** Explains why Electron cannot start with Chromium's sandbox on this system, with a remedy; null if it can. */
export function sandboxProblem(binary: string, setting = RESTRICTION_FILE): string | null {
  if (process.platform !== 'linux' || !isRestricted(setting)) return null
  const helper = join(dirname(binary), 'chrome-sandbox')
  const helperStats = statSync(helper, { throwIfNoEntry: false })
  if (helperStats?.uid === 0 && (helperStats.mode & SETUID_ROOT) === SETUID_ROOT) return null
  return (
    "AppArmor prevents Electron's sandbox from starting on this system. To allow it, run: " +
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
