import { describe, expect } from 'vitest'
import { openProject } from '../../src/main/project/open-project'
import { browserMissing, expectAccessible, it, unfold } from '../fixtures/browser'
import { inOrder } from '../fixtures/held-engine'
import { demoPrompts, shortProject } from '../fixtures/swept-project'

describe.skipIf(browserMissing !== null)('the queue in Chromium', () => {
  it('sweeps the pairs of a project one after the other, through a reload, and tells how far it is', async ({
    openHeld,
    held: { engine }
  }) => {
    const path = await shortProject(await demoPrompts(4), { uniformBlendCount: 0 })
    const project = await openProject(path)
    await project.duplicatePair('pair-1')
    await project.duplicatePair('pair-1')
    await project.close()
    const page = await openHeld(path, 'models')
    const reached = engine.holdAt(inOrder('group', 'progress'))
    await unfold(page, 'Queue')
    await page.getByRole('button', { name: 'Sweep all pairs' }).click()
    await reached()
    await page.reload()
    const jobs = page.getByRole('region', { name: 'Queue' }).getByRole('listitem')
    await expect
      .poll(() => jobs.allInnerTexts())
      .toEqual([
        expect.stringMatching(/Sweep\s+Running/),
        expect.stringMatching(/Sweep\s+Waiting/),
        expect.stringMatching(/Sweep\s+Waiting/)
      ])
    await expectAccessible(page, 'queue')
    // The keyboard stays with a job that is moved, and away from what takes it out.
    const [, moved] = await jobs.evaluateAll((all) => all.map((job) => job.getAttribute('aria-label')))
    await page.getByRole('button', { name: `Move ${moved} down` }).press('Enter')
    await expect.poll(() => jobs.nth(2).getAttribute('aria-label')).toBe(moved)
    const focused = page.locator(':focus')
    await expect.poll(() => focused.getAttribute('aria-label')).toBe(`Move ${moved} up`)
    await page.keyboard.press('Enter')
    await expect.poll(() => jobs.nth(1).getAttribute('aria-label')).toBe(moved)
    await expect.poll(() => focused.getAttribute('aria-label')).toBe(`Move ${moved} up`)
    await page.getByRole('button', { name: 'Pause after this job' }).click()
    engine.letGo()
    await page.getByText('Paused: 2 jobs, ').first().waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('Queue empty.').waitFor()
    const rows = page.getByRole('row').filter({ hasText: 'layers 4–5' })
    await expect.poll(() => rows.count()).toBe(3)
  })
})
