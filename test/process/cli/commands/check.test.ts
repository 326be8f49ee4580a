import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AnswerCheck } from '../../../../src/contract/documents/answer-check'
import { Verdict } from '../../../../src/contract/documents/verdict'
import { independentBaselineName } from '../../../../src/contract/words/baseline-words'
import { sharingEngine } from '../../../../src/main/cli/running/engine'
import { startingSweep } from '../../../../src/main/cli/running/starting-sweep'
import { nothingSaved } from '../../../../src/main/cli/running/stopped'
import { readSweepFiles } from '../../../../src/main/project/documents/sweep-files'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { builtinPromptSet } from '../../../../src/main/crc/task/builtin-prompts'
import { createProject } from '../../../../src/main/project/create-project'
import { openProject } from '../../../../src/main/project/open-project'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { runHere, slr, stoppedHere } from '../../../fixtures/command-line'
import { inOrder, type Moment } from '../../../fixtures/held-engine'
import { shortPair } from '../../../fixtures/swept-project'

const DEMO_PROMPTS = await builtinPromptSet('demo-crc')
const PROMPTS = [0, 1, 20, 21].flatMap((index) => DEMO_PROMPTS[index] ?? [])
const PAIR = await shortPair()
const PAIR_OPTIONS = ['--base', PAIR.base, '--post', PAIR.post]
const CheckOutput = AnswerCheck.extend({ rho: z.number(), verdict: Verdict.nullable() })

/** A project of the short pair, by the path of its folder. */
async function projectIn(folder: string): Promise<string> {
  const pair = { kind: 'folders', ...PAIR } as const
  const project = await createProject({ folder, name: 'Check', pair, prompts: PROMPTS })
  await project.firstPair.update({ settings: { uniformBlendCount: 0 } })
  await project.close()
  return project.path
}

/** The sweep of the prompts, as a document, computed once. */
let sweptText = ''

/** A folder with the prompts and their sweep, by the paths of both and of a check to write. */
async function sweptFiles(): Promise<{ folder: string; prompts: string; from: string; out: string }> {
  const folder = await temporaryFolder()
  const path = (name: string): string => join(folder, name)
  const [prompts, from] = [path('p.json'), path('sweep.json')]
  await writeFile(prompts, JSON.stringify(PROMPTS))
  if (sweptText === '') {
    const { status } = await slr`sweep --no-check ${PAIR_OPTIONS} --prompts ${prompts} --out ${from}`
    expect(status).toBe(0)
    sweptText = await readFile(from, 'utf8')
  } else await writeFile(from, sweptText)
  return { folder, prompts, from, out: path('check.json') }
}

describe('slr check', () => {
  it('sweeps first as slr sweep does, with the same baselines', async () => {
    const { prompts, from } = await sweptFiles()
    const { signal } = new AbortController()
    const { sweep } = await sharingEngine(sharedEngine, () =>
      startingSweep(
        { ...PAIR, prompts, blendDemo: false },
        { command: new Command(), projectPair: null, givenPair: null, output: null },
        { quiet: true, signal, history: () => null, savedWithoutHistory: nothingSaved, sweepOnlyOptions: [] }
      )
    )
    const swept = await readSweepFiles(from)
    expect(swept.recipes.map(({ alone }) => alone)).toEqual(['attention', 'mlp'])
    expect({ recipes: sweep.recipes, selection: sweep.selection, baselines: sweep.baselines }).toEqual({
      ...{ recipes: swept.recipes, selection: swept.selection, baselines: swept.baselines }
    })
  })

  it('checks the best ranges of a sweep in a file, as JSON and to people', async () => {
    const { folder, from, out } = await sweptFiles()
    const [json, shown] = await Promise.all([
      runHere(['check', '--from', from, '--best', '2', '--rho', '0.8', '--json', '--out', out]),
      runHere(['check', '--from', from, '--best', '2', '--rho', '0.8', '--device', 'cpu', '--details'])
    ])
    const check = CheckOutput.parse(JSON.parse(json.stdout))
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual(JSON.parse(json.stdout))
    expect(check).toMatchObject({ rho: 0.8, models: { length: 2 }, layerCount: 6 })
    expect(json.stderr).toMatch(/checking full answers/)
    expect(shown.status).toBe(0)
    expect(shown.stdout).toMatch(/^Model +first token .* check$/m)
    for (const { recipe } of check.models) {
      expect(shown.stdout).toMatch(new RegExp(`^${recipe.name} .* (passes|fails).*$`, 'm'))
    }
    // Without uniform blends in the sweep, two of each other kind.
    const kinds = check.baselines.map(({ baseline }) => baseline.kind)
    const families = ['sampler', 'top-p', 'top-k', 'top-n-sigma', 'mix', 'filter']
    expect(kinds).toEqual(families.flatMap((kind) => [kind, kind]))
    for (const { baseline } of check.baselines) {
      expect(shown.stdout).toMatch(new RegExp(`^${independentBaselineName(baseline)} .* (passes|fails).*$`, 'm'))
    }
    expect(shown.stdout).toContain(`${check.verdict?.headline}\n`)
    await writeFile(join(folder, 'sweep.check.json'), json.stdout)
    const further = await runHere(['check', '--from', from, '--best', '1', '--rho', '0.8', '--json'])
    const { models } = CheckOutput.parse(JSON.parse(further.stdout))
    expect(models.slice(0, 2)).toEqual(check.models)
    expect(models).toHaveLength(3)
  })

  it("checks a project's newest sweep, keeps the check with it, and goes on with what is left", async () => {
    const folder = await temporaryFolder()
    const path = await projectIn(folder)
    const swept = await runHere(['sweep', '--no-check', '--project', path])
    expect(swept.stdout).toContain(` Next: slr check --project ${path}\n`)
    const recipes = join(folder, 'recipes.json')
    await writeFile(recipes, JSON.stringify([{ name: 'upper', ranges: [[3, 5]] }]))
    expect(await runHere(['check', '--project', path, recipes])).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('Saved in')
    })
    const again = await runHere(['check', '--project', path, '--best', '1', '--json'])
    const check = CheckOutput.parse(JSON.parse(again.stdout))
    expect(check.models.map(({ recipe }) => recipe.name)).toEqual(['upper', expect.stringMatching(/^Layers? \d/)])
    const project = await openProject(path)
    expect(await project.firstPair.readAnswerCheck(check.sweepId)).toEqual(AnswerCheck.parse(check))
    await project.close()
  })

  it('ends on Ctrl-C with nothing written, and names what is kept and the command that starts again', async () => {
    const { folder, prompts, from, out } = await sweptFiles()
    const project = await projectIn(folder)
    expect(await slr`sweep --no-check --project ${project}`).toMatchObject({ status: 0 })
    const unkept = (options: string): string =>
      'Nothing is saved. ' +
      `To save the sweep, run "slr sweep ${options} --out sweep.json", then this check with --from sweep.json.`
    const [sweeping, checking] = ['sweeping', 'checking full answers']
    for (const [start, moment, step, kept] of [
      [['--blend-demo', '--device', 'cpu'], inOrder('progress'), sweeping, unkept('--blend-demo --device cpu')],
      [
        [...PAIR_OPTIONS, '--prompts', prompts],
        inOrder('done', 'done', 'done', 'progress'),
        checking,
        unkept(`${PAIR_OPTIONS.join(' ')} --prompts ${prompts}`)
      ],
      [['--from', from], inOrder('progress'), checking, `Nothing of this check is saved. Its sweep stays in ${from}.`],
      [
        ['--project', project],
        inOrder('progress'),
        checking,
        `Nothing of this check is saved. Its sweep and earlier checks stay in ${project}.`
      ]
    ] satisfies [string[], Moment, string, string][]) {
      const args = ['check', ...start, '--best', '40', '--out', out]
      const { status, stderr } = await stoppedHere(args, moment)
      expect(status).toBe(null)
      expect(stderr).toContain(step)
      expect(stderr).toContain(`Stopped. ${kept}\nStart again: slr ${args.join(' ')}\n`)
      await expect(readFile(out)).rejects.toThrow('ENOENT')
    }
  })
})
