import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { browserMissing, it } from '../fixtures/browser'
import { demoPrompts, shortProject } from '../fixtures/swept-project'

if (browserMissing !== null) console.log(`The test by keyboard alone is skipped: ${browserMissing}`)

/** What has the keyboard, by its label or its words. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { activeElement } = document
    if (activeElement === null || activeElement === document.body) return 'nothing'
    const named = activeElement.closest('label') ?? activeElement
    return activeElement.getAttribute('aria-label') ?? named.textContent.trim()
  })

/** Presses Tab until what has the keyboard is called so, in sight and marked at each stop. @returns how often */
async function tabTo(page: Page, name: RegExp, most: number, key = 'Tab'): Promise<number> {
  const passed: string[] = []
  while (passed.length < most) {
    await page.keyboard.press(key)
    passed.push(await focused(page))
    const marked = await page.evaluate(() => {
      const stop = document.activeElement
      const box = stop?.getBoundingClientRect()
      if (stop === null || box === undefined) return false
      const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
      const label = stop.closest('label')
      const ringed = [stop, label].some(
        (one) => one !== null && getComputedStyle(one).outlineStyle !== 'none'
      )
      return (ringed || stop.matches('rect')) && (stop.contains(over) || label?.contains(over) === true)
    })
    expect(marked, `${passed.at(-1)} is in sight`).toBe(true)
    if (name.test(passed.at(-1) ?? '')) return passed.length
  }
  throw new Error(`${String(name)} is not among ${passed.join(' | ')}`)
}

describe.skipIf(browserMissing !== null)('the workbench by keyboard alone', () => {
  it('leads from the start over a sweep and a kept range to an export in few keys', async ({ open }) => {
    const page = await open(await shortProject(await demoPrompts(4)), 'models')
    const { keyboard } = page
    await page.getByRole('link', { name: 'Ranges' }).waitFor()
    await page.getByRole('button', { name: 'Skip to the view' }).press('Enter')
    expect(await tabTo(page, /^Find the layers$/, 3)).toBe(3)

    await keyboard.press('Alt+2')
    await page.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    await expect.poll(() => focused(page)).toBe('Which layers to restore?')
    await tabTo(page, /^Sweep all ranges$/, 2)
    await keyboard.press('Enter')
    // The keyboard follows the sweep and the check behind it: to Cancel, then to the answer, which is read.
    await page.getByRole('status').getByText('Check: ended').waitFor()
    await expect.poll(() => focused(page)).toMatch(/^The prompts do not fit this model/)
    // So too where the button that began it is taken away from the midst of others.
    await tabTo(page, /^Sweep again$/, 3, 'Shift+Tab')
    await keyboard.press('Enter')
    await expect.poll(() => focused(page)).toMatch(/^The prompts do not fit this model/)

    // The selected cell, and the range that begins a layer earlier.
    await tabTo(page, /^layers? [\d–]+: /, 20)
    await keyboard.press('ArrowUp')
    const cell = await focused(page)
    const name = `Layers ${/^layers (\d–\d): /.exec(cell)?.[1] ?? ''}`
    await keyboard.press('Enter')
    await page.getByRole('heading', { name, exact: true }).waitFor()
    await keyboard.press('F6')
    await tabTo(page, /^Keep as recipe$/, 4)
    await keyboard.press('Enter')
    await page.getByRole('button', { name: 'Keep again' }).waitFor()
    await keyboard.press('Shift+F6')
    expect(await focused(page)).toBe(cell)

    await keyboard.press('Alt+5')
    await expect.poll(() => focused(page)).toBe('Export')
    await tabTo(page, /^Layers? \d/, 2)
    await keyboard.press('ArrowDown')
    // Passing the field of other layers chooses none of them.
    await tabTo(page, /^Export$/, 8)
    await page.getByRole('button', { name: 'Export', exact: true, disabled: false }).waitFor()
    await keyboard.press('Enter')
    await page.getByRole('heading', { name: new RegExp(`^Exported “${name}”`) }).waitFor()
    expect(await focused(page)).not.toBe('nothing')
  })
})
