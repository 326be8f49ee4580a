import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparisonKey } from '../../../../src/contract/documents/preferences'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import type { SampleRun } from '../../../../src/contract/documents/samples'
import { AnswerBoard } from '../../../../src/renderer/answers/answers'
import { blindKey, blindPlan, completeComparisons, shuffled } from '../../../../src/renderer/samples/blind'
import { BlindComparisons, type BlindVerdict } from '../../../../src/renderer/samples/blind-comparisons.svelte'
import { sampleLines, sampleRunFixture } from '../../../fixtures/sample-documents'
import type { ScriptedLine } from '../../../fixtures/scripted-line'
import { projectState, openSession, settled } from '../../../fixtures/scripted-line'

/** A run of so many variants over so many prompts, four answers each. */
function runOf(variantCount: number, promptCount: number): SampleRun {
  const run = sampleRunFixture()
  const [prompt] = run.prompts
  if (prompt === undefined) throw new Error('the fixture has prompts')
  return {
    ...run,
    settings: { ...run.settings, sampleCount: 4 },
    prompts: Array.from({ length: promptCount }, (_, index) => ({ ...prompt, text: `prompt ${index}` })),
    variants: Array.from({ length: variantCount }, (_, index) => ({
      kind: 'recipe' as const,
      name: `v${index}`,
      recipe: { name: `v${index}`, ranges: [[index, index] as [number, number]] }
    }))
  }
}

describe('the plan of a blind comparison', () => {
  it('is the same after a reload, and another with another seed', () => {
    const run = runOf(6, 10)
    const orders = (seed: number): string => {
      const plan = blindPlan({ ...run, settings: { ...run.settings, seed } }, { size: 2, pairs: false })
      return JSON.stringify(Array.from({ length: plan.length }, (_, place) => plan.at(place)))
    }
    expect(orders(1)).toBe(orders(1))
    expect(orders(1)).not.toBe(orders(2))
  })

  it('asks of every set of every prompt once, every pair of variants where two are shown', () => {
    const numbers = fc.record({
      variants: fc.integer({ min: 2, max: 5 }),
      prompts: fc.integer({ min: 1, max: 7 }),
      size: fc.constantFrom(1, 2, 4),
      pairs: fc.boolean()
    })
    fc.assert(
      fc.property(numbers, ({ variants, prompts, size, pairs }) => {
        const plan = blindPlan(runOf(variants, prompts), { size, pairs })
        const all = Array.from({ length: plan.length }, (_, place) => plan.at(place))
        const teams = pairs ? (variants * (variants - 1)) / 2 : 1
        expect(all).toHaveLength(prompts * teams * (4 / size))
        expect(new Set(all.map(comparisonKey)).size).toBe(all.length)
        // Every prompt comes once before any comes again, so that a reader can stop early.
        expect(new Set(all.slice(0, prompts).map(({ prompt }) => prompt)).size).toBe(prompts)
        for (const { among } of all) expect(new Set(among).size).toBe(pairs ? 2 : variants)
      })
    )
  })

  it('gives away no variant by its place: each order is about equally frequent', () => {
    const counts = new Map<string, number>()
    const plan = blindPlan(runOf(3, 600), { size: 4, pairs: false })
    for (let place = 0; place < plan.length; place += 1) {
      const order = plan.at(place).among.join(' ')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    // Chi-square with 5 degrees of freedom is below 20.5 in 99.9 % of fair shuffles.
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0)
    expect(counts.size).toBe(6)
    expect(chiSquare).toBeLessThan(20.5)
  })

  it('shuffles every number into one place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.integer(), fc.nat(), (count, seed, other) => {
        const order = shuffled(count, seed, other)
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, place) => place))
      })
    )
  })

  it('shows a key only where that key decides', () => {
    const keys = Array.from({ length: 20 }, (_, column) => blindKey(column))
    expect(keys.slice(0, 9)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect(keys.slice(9).every((key) => key === null)).toBe(true)
  })
})

describe('comparing blind', () => {
  async function shown(run: SampleRun) {
    const { line, session } = await openSession()
    void session.samples.show(run.id)
    await line.answer('samples.get', 0, {
      run,
      samples: sampleLines(run),
      measures: { cells: [], variants: [] }
    })
    return { line, blind: session.samples.blind, session }
  }

  /** Decides, and main agrees. */
  async function decided(line: ScriptedLine, blind: BlindComparisons, verdict: BlindVerdict): Promise<void> {
    void blind.decide(verdict)
    await settled()
    await line.answer('samples.vote', line.of('samples.vote').length - 1, projectState({ change: 1 }))
  }

  it('shows sets of answers, advances, and continues after the decided ones after a reload', async () => {
    const run = runOf(6, 3)
    const { line, blind } = await shown(run)
    blind.start()
    const first = blind.current
    expect(first?.sets.map((answers) => answers.length)).toEqual([4, 4, 4, 4, 4, 4])
    await decided(line, blind, 5)
    await decided(line, blind, 'tie')
    await decided(line, blind, 'skipped')
    expect([blind.current, blind.decided, blind.total]).toEqual([null, 3, 3])
    expect(blind.votes.map(({ verdict }) => verdict)).toEqual(['preferred', 'tie', 'skipped'])
    expect(blind.votes[0]).toMatchObject({ ...first?.comparison, variant: first?.comparison.among[5] })

    // The window is loaded again.
    const again = await shown({ ...run, marks: blind.votes.slice(0, 1) })
    expect([again.blind.on, again.blind.current?.comparisonIndex]).toEqual([true, 1])
    void again.blind.reveal()
    expect((await shown(run)).blind.on).toBe(false)
  })

  it('shows a revoked or undone set again', async () => {
    const { line, blind, session } = await shown(runOf(3, 5))
    blind.start()
    await decided(line, blind, 0)
    await decided(line, blind, 1)
    void blind.takeBack()
    await line.answer('samples.vote', 2, projectState({ change: 2 }))
    expect([blind.current?.comparisonIndex, blind.decided]).toEqual([1, 1])
    void session.history.undo()
    await settled()
    expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [2] })
    await line.answer('projects.revert', 0, projectState({ change: 3 }))
    expect([blind.current?.comparisonIndex, blind.decided]).toEqual([2, 2])
    blind.step(-1)
    expect([blind.current?.comparisonIndex, blind.current?.vote?.verdict]).toEqual([1, 'preferred'])
    await decided(line, blind, 'tie')
    expect([blind.current?.comparisonIndex, blind.decided]).toEqual([2, 2])
  })

  it('stays at a comparison whose decision could not be saved, does not count it, and tries again', async () => {
    const { line, blind, session } = await shown(runOf(3, 5))
    blind.start()
    await decided(line, blind, 0)
    void blind.decide(1)
    await line.refuse('samples.vote', 1, new WorkbenchError('read-only', 'The disk is full.'))
    expect([blind.current?.comparisonIndex, blind.current?.vote, blind.decided]).toEqual([1, null, 1])
    expect([session.history.undoable, session.unsaved?.why]).toEqual([
      'decide comparison 1',
      'The last change could not be written.'
    ])

    void blind.retry?.()
    await line.answer('samples.vote', 2, projectState())
    expect([blind.current?.comparisonIndex, blind.decided, blind.retry]).toEqual([2, 2, null])
    expect(blind.votes[1]).toMatchObject({ verdict: 'preferred' })
    expect(session.unsaved).toBeNull()

    void blind.takeBack()
    await line.refuse('samples.vote', 3, new WorkbenchError('read-only', 'The disk is full.'))
    expect(blind.decided).toBe(2)
  })

  it('clears everything at once, and brings it back at once', async () => {
    const { line, blind, session } = await shown(runOf(3, 5))
    blind.start()
    for (const verdict of [0, 'tie', 2] as const) await decided(line, blind, verdict)
    const before = blind.votes
    void blind.clear()
    await settled()
    expect(line.call('samples.vote', 3).input).toMatchObject({ decided: [], undecided: before })
    await line.answer('samples.vote', 3, projectState({ change: 4 }))
    expect(blind.votes).toEqual([])
    for (const [step, marks] of [
      ['undo', before],
      ['redo', []]
    ] as const) {
      void session.history[step]()
      await settled()
      await line.answer('projects.revert', line.of('projects.revert').length - 1, projectState({ change: 5 }))
      expect(blind.votes).toEqual(marks)
    }
  })

  it('requests the tally only once the names are revealed', async () => {
    const { line, blind } = await shown(runOf(2, 5))
    blind.start()
    await decided(line, blind, 0)
    expect(line.of('samples.preferences')).toHaveLength(0)
    void blind.reveal()
    await line.answer('samples.preferences', 0, [])
    expect(line.of('samples.preferences')).toHaveLength(1)
  })

  it('leaves out comparisons for which an answer is missing', async () => {
    const run = runOf(2, 4)
    const board = new AnswerBoard()
    board.add(sampleLines(run).filter(({ prompt, variant }) => prompt !== 2 || variant === 'v0'))
    const { line, session } = await openSession()
    const blind = new BlindComparisons(session, () => ({ run, board }))
    blind.showRun(run)
    blind.start()
    expect(blind.total).toBe(3)
    blind.chooseWay({ size: 1, pairs: true })
    expect(blind.total).toBe(12)
    blind.chooseWay({ size: 4, pairs: false })
    const asked = new Set<number>()
    while (blind.current !== null) {
      asked.add(blind.current.comparison.prompt)
      await decided(line, blind, 0)
    }
    expect([...asked].sort()).toEqual([0, 1, 3])
    expect(blind.decided).toBe(blind.total)
  })

  it('counts every comparison of a run without gaps', () => {
    const run = runOf(3, 5)
    for (const size of [1, 2, 4]) {
      for (const pairs of [true, false]) {
        expect(completeComparisons(run, { size, pairs }, () => true)).toBe(blindPlan(run, { size, pairs }).length)
      }
    }
    // As where an endpoint refused one answer of each prompt.
    expect(completeComparisons(run, { size: 4, pairs: false }, (_, name, index) => name !== 'v0' || index > 0)).toBe(0)
  })
})
