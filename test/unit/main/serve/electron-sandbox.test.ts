import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sandboxProblem } from '../../../../src/main/serve/open'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'

describe.skipIf(process.platform !== 'linux')("Electron's sandbox", () => {
  it('is refused where AppArmor forbids namespaces and the helper is not of root, with the commands that mend it', async () => {
    const folder = await temporaryFolder()
    const setting = join(folder, 'restricted')
    const binary = join(folder, 'electron')
    expect(sandboxProblem(binary, setting)).toBeNull()
    await writeFile(setting, '0\n')
    expect(sandboxProblem(binary, setting)).toBeNull()
    await writeFile(setting, '1\n')
    await writeFile(join(folder, 'chrome-sandbox'), '')
    await chmod(join(folder, 'chrome-sandbox'), 0o755)
    const refused = sandboxProblem(binary, setting)
    expect(refused).toContain(`sudo chmod 4755 '${join(folder, 'chrome-sandbox')}'`)
    await chmod(join(folder, 'chrome-sandbox'), 0o4755)
    if (process.getuid?.() === 0) expect(sandboxProblem(binary, setting)).toBeNull()
  })
})
