import { existsSync, writeFileSync } from 'node:fs'
import { cp, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Recipe } from '../../../src/contract/model/recipe'
import { acquireLock } from '../../../src/main/base/files/lock'
import { bundleProgram, LineProcess } from '../../fixtures/bundled-program'
import { COMPILE_LATER } from '../../fixtures/cli'
import { checkpointFixture, temporaryFolder, writeCheckpoint } from '../../fixtures/checkpoint-builder'
import { exportRecipe, filesOf, type PairFolders, writePair } from '../../fixtures/exported-pair'
import { problemOf } from '../../fixtures/problems'
import { canMount, smallDisk } from '../../fixtures/small-disk'

const UPPER: Recipe = { name: 'upper', ranges: [[1, 1]] }

/** Moments of the kill, spread evenly over the changes of files that three exports make. */
const KILLS = 8

describe('an export that is killed', () => {
  let program: string
  let betweenRenames: string
  beforeAll(async () => {
    const bundles = await Promise.all([
      bundleProgram('export-process.ts'),
      bundleProgram('export-ended-between-renames.ts')
    ])
    program = bundles[0].file
    betweenRenames = bundles[1].file
    return async () => {
      for (const { remove } of bundles) await remove()
    }
  })

  /**
   * Exports in a separate process, as `export-process.ts` does.
   *
   * @param last the change of files that the process is killed at
   * @returns the number of changes; null when it was killed
   */
  async function exportInProcess({ base, post }: PairFolders, parent: string, last?: number): Promise<number | null> {
    const position = last === undefined ? [] : [String(last)]
    const child = new LineProcess(process.execPath, [...COMPILE_LATER, program, base, post, parent, ...position])
    onTestFinished(() => child.kill())
    const changeCount = last === undefined ? Number(await child.line()) : null
    await child.ended()
    expect(child.child.signalCode).toBe(last === undefined ? null : 'SIGKILL')
    return changeCount
  }

  // Each moment starts a program, and they follow each other.
  it(
    'leaves a complete target or none at every moment, and the next export cleans up',
    { timeout: 240_000 },
    async () => {
      const folders = await writePair()
      const parent = await temporaryFolder()
      const complete = join(await temporaryFolder(), 'complete')
      await exportRecipe(folders, UPPER, complete)
      const expected = await filesOf(complete)
      const changeCount = (await exportInProcess(folders, await temporaryFolder())) ?? 0
      const unfinishedNames = new Set<string>()
      for (let kill = 0; kill < KILLS; kill++) {
        const last = Math.round(((kill + 0.5) / KILLS) * changeCount)
        const place = join(parent, String(kill))
        await mkdir(place)
        await exportInProcess(folders, place, last)
        const names = await readdir(place)
        const targets = names.filter((name) => !name.startsWith('.'))
        expect(targets).toContain('new-0')
        for (const name of targets) expect(await filesOf(join(place, name)), name).toEqual(expected)
        const unfinished = new Set(names.flatMap((name) => /^\.(.+)\.slr-/.exec(name)?.[1] ?? []))
        for (const name of unfinished) {
          unfinishedNames.add(name)
          await exportRecipe(folders, UPPER, join(place, name), { overwrite: true })
        }
        // A folder that an export replaced is kept beside it, also after a kill just behind the rename.
        const kept = /\.replaced(?:-\d+)?$/
        const left = (await readdir(place)).filter((name) => !kept.test(name) || targets.includes(name))
        expect(left.sort()).toEqual([...new Set([...targets, ...unfinished])].sort())
      }
      expect([...unfinishedNames].sort()).toEqual(['new-1', 'same'])
    }
  )

  it('restores the old model when it is killed between the two renames', async () => {
    const folders = await writePair()
    const parent = await temporaryFolder()
    const target = join(parent, 'out')
    const aside = '.out.slr-replaced-0b56a3fc-6e93-4f4e-b1f4-2a4b3a1d6d5e'
    await exportRecipe(folders, UPPER, join(parent, aside))
    const before = await filesOf(join(parent, aside))
    // Its neighbours are nobody's leftovers.
    const others = ['.out.slr-export-mine', '.out2.slr-export-0b56a3fc-6e93-4f4e-b1f4-2a4b3a1d6d5e']
    for (const name of others) await mkdir(join(parent, name))
    const problem = await problemOf(exportRecipe(folders, UPPER, target))
    expect(problem).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('holds a model already')
    })
    expect(await filesOf(target)).toEqual(before)
    expect((await readdir(parent)).sort()).toEqual([...others, 'out'].sort())
  })

  it('is made up for by the next one, when it was killed between the two renames', async () => {
    const folders = await writePair()
    const target = join(await temporaryFolder(), 'out')
    await exportRecipe(folders, { name: 'all', ranges: [[0, 1]] }, target)
    const before = await filesOf(target)
    const child = new LineProcess(process.execPath, [
      ...COMPILE_LATER,
      betweenRenames,
      folders.base,
      folders.post,
      target
    ])
    onTestFinished(() => child.kill())
    await child.ended()
    const [aside] = (await readdir(dirname(target))).filter((name) => name.startsWith('.out.slr-replaced-'))
    expect(aside).toBeDefined()
    expect(await readdir(dirname(target))).not.toContain('out')

    const { replaced } = await exportRecipe(folders, UPPER, target, { overwrite: true })
    expect(replaced?.keptAs).toBe(`${target}.replaced`)
    expect(await filesOf(`${target}.replaced`)).toEqual(before)
    const fresh = join(await temporaryFolder(), 'fresh')
    await exportRecipe(folders, UPPER, fresh)
    expect(await filesOf(target)).toEqual(await filesOf(fresh))
    expect((await readdir(dirname(target))).sort()).toEqual(['out', 'out.replaced'])
  })

  it('keeps the replaced model when it is killed after the second rename', async () => {
    const folders = await writePair()
    const parent = await temporaryFolder()
    const target = join(parent, 'out')
    const aside = join(parent, '.out.slr-replaced-0b56a3fc-6e93-4f4e-b1f4-2a4b3a1d6d5e')
    await exportRecipe(folders, UPPER, target)
    const before = await filesOf(target)
    await cp(target, aside, { recursive: true })
    await problemOf(exportRecipe(folders, UPPER, target, { overwrite: true, signal: AbortSignal.abort() }))
    expect((await readdir(parent)).sort()).toEqual(['out', 'out.replaced'])
    expect(await filesOf(join(parent, 'out.replaced'))).toEqual(before)
  })

  it('keeps a second export from the same place while it runs', async () => {
    const folders = await writePair()
    const parent = await temporaryFolder()
    const lockOf = (name: string): string => join(parent, `.${name}.slr-export.lock`)
    const isLocked: boolean[] = []
    await exportRecipe(folders, UPPER, join(parent, 'first'), {
      onProgress: () => isLocked.push(existsSync(lockOf('first')))
    })
    expect(new Set(isLocked)).toEqual(new Set([true]))

    const target = join(parent, 'second')
    const lock = await acquireLock(lockOf('second'), { path: target, advice: 'Wait.' })
    expect(await problemOf(exportRecipe(folders, UPPER, target))).toMatchObject({ code: 'locked' })
    lock.release()
  })
})

describe.skipIf(!canMount)('a full disk (needs root, to mount a small one)', () => {
  /** A pair whose post has a tensor of so many bytes more. */
  async function pairOf(bytes: number): Promise<PairFolders> {
    const folder = await temporaryFolder()
    const ballast = { name: 'ballast', dtype: 'U8', shape: [bytes], bytes: new Uint8Array(bytes) }
    const { config, tensors } = checkpointFixture({ seed: 2 })
    return {
      base: await writeCheckpoint(join(folder, 'base'), checkpointFixture()),
      post: await writeCheckpoint(join(folder, 'post'), { config, tensors: [...tensors, ballast] })
    }
  }

  it('is noticed before anything is written', async () => {
    const disk = await smallDisk('2m')
    const problem = await problemOf(exportRecipe(await pairOf(3_000_000), UPPER, join(disk, 'out')))
    expect(problem.message).toMatch(
      /cannot be written: it takes about \d\.\d MB and 1\.0 MB in reserve, and its disk has 2\.1 MB free/
    )
    expect(await readdir(disk)).toEqual([])
  })

  it('that fills up meanwhile ends the export, and nothing of it stays', async () => {
    const disk = await smallDisk('2m')
    const problem = await problemOf(
      exportRecipe(await pairOf(1_000_000), UPPER, join(disk, 'out'), {
        onProgress: ({ phase }) => {
          if (phase === 'writing') writeFileSync(join(disk, 'filler'), Buffer.alloc(1_500_000))
        }
      })
    )
    expect(problem.message).toMatch(/model\.safetensors cannot be written: ENOSPC/)
    expect(problem.hint).toMatch(/^Free some space/)
    expect(await readdir(disk)).toEqual(['filler'])
  })
})
