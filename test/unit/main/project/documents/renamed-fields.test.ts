import { describe, expect, it } from 'vitest'
import { renameFields } from '../../../../../src/main/project/documents/renamed-fields'
import { openProject } from '../../../../../src/main/project/open-project'
import { STORED_PROJECTS, storedProject } from '../../../../fixtures/stored-projects'

describe('fields of older documents', () => {
  it('have their present names at every depth, also in the kinds of models', () => {
    expect(
      renameFields({
        rivals: [{ rival: { kind: 'blend', strength: 1 } }],
        preview: { soup: [] },
        halves: { seed: 1, choose: [0], report: [1] },
        selection: { reported: { chosenOn: 1, reportedOn: 2 } },
        outside: [],
        variants: [{ variant: { kind: 'rival', rival: { kind: 'mix', share: 0.5 } } }],
        settings: { soupSize: 21 }
      })
    ).toEqual({
      baselines: [{ baseline: { kind: 'uniform-blend', strength: 1 } }],
      preview: { uniformBlends: [] },
      holdOutSplit: { seed: 1, selection: [0], holdOut: [1] },
      selection: { holdOut: { selectionPromptCount: 1, holdOutPromptCount: 2 } },
      external: [],
      variants: [{ variant: { kind: 'baseline', baseline: { kind: 'mix', share: 0.5 } } }],
      settings: { uniformBlendCount: 21 }
    })
  })

  it('keep names that the user chose, and flags', () => {
    const document = { categories: { soup: 1 }, prompts: [{ rival: 1 }], settings: { halves: true } }
    expect(renameFields(document)).toEqual(document)
  })
})

describe.each(STORED_PROJECTS)('a project of %s', (name) => {
  it('opens with all its results', async () => {
    const project = await openProject(await storedProject(name))
    const pair = project.firstPair
    expect(project.warnings.filter((warning) => !/older version|less space/.test(warning))).toEqual([])
    const [sweepId = ''] = pair.sweeps.map(({ id }) => id).slice(-1)
    const sweep = await pair.readSweep(sweepId)
    expect([sweep.uniformBlends.length, sweep.ranges.length]).toEqual([5, 78])
    expect(sweep.baselines.every(({ baseline }) => baseline.kind.length > 0)).toBe(true)
    expect(sweep.selection?.baselines.map(({ baseline }) => baseline.kind)).toContain('uniform-blend')
    expect((await pair.readAnswerCheck(sweepId))?.models).toHaveLength(2)
    expect((await pair.readSearch(sweepId))?.generations.length).toBeGreaterThan(0)
    const [evaluation = ''] = pair.evaluations.runs.map(({ id }) => id)
    expect((await pair.evaluations.read(evaluation)).run.variants.length).toBeGreaterThan(2)
    await project.close()
  })
})
