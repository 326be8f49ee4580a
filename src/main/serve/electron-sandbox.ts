import { statSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where Ubuntu, from 23.10 on, says whether programs of users may open namespaces, which Chromium's sandbox is made of. */
const RESTRICTED = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns'

/** What the helper that does without namespaces has to be: of root, and run as root by everybody. */
const SETUID_ROOT = 0o4755

/**
 * Why Chromium's sandbox would end Electron here before it shows a window, with the remedy; null when it would not.
 *
 * @param binary Electron's
 */
export function sandboxRefused(binary: string, setting = RESTRICTED): string | null {
  if (process.platform !== 'linux' || !isRestricted(setting)) return null
  const helper = join(dirname(binary), 'chrome-sandbox')
  const found = statSync(helper, { throwIfNoEntry: false })
  if (found?.uid === 0 && (found.mode & SETUID_ROOT) === SETUID_ROOT) return null
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
