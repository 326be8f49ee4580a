import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AnswerCheck } from '../../../src/contract/answer-check'
import { Headline } from '../../../src/contract/headline'
import { builtinPromptSet } from '../../../src/main/crc/task/builtin-prompts'
import { createProject } from '../../../src/main/project/create-project'
import { openProject } from '../../../src/main/project/project'
import { temporaryFolder } from '../../fixtures/checkpoint-builder'
import { exitStatus, runCli, startCli, waitForOutput } from '../../fixtures/cli'

const DEMO_PROMPTS = await builtinPromptSet('demo-crc')
const PROMPTS = [0, 1, 20, 21].flatMap((index) => DEMO_PROMPTS[index] ?? [])
const CheckOutput = AnswerCheck.extend({ rho: z.number(), headline: Headline.nullable() })

describe('slr check', () => {
  it('checks the best ranges of a sweep in a file, as JSON and to people', async () => {
    const folder = await temporaryFolder()
    const [prompts = '', from = '', out = ''] = ['p.json', 'sweep.json', 'check.json'].map((name) =>
      join(folder, name)
    )
    await writeFile(prompts, JSON.stringify(PROMPTS))
    const swept = await runCli(['sweep', '--demo', '--prompts', prompts, '--out', from])
    expect(swept.status).toBe(0)
    const [json, shown] = await Promise.all([
      runCli(['check', '--from', from, '--best', '2', '--rho', '0.8', '--json', '--out', out]),
      runCli(['check', '--from', from, '--best', '2', '--rho', '0.8'])
    ])
    const check = CheckOutput.parse(JSON.parse(json.stdout))
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual(JSON.parse(json.stdout))
    expect(check).toMatchObject({ rho: 0.8, models: { length: 2 }, layerCount: 12 })
    expect(json.stderr).toMatch(/checking whole answers/)
    expect(shown.status).toBe(0)
    expect(shown.stdout).toMatch(/^model +first token +whole answers +diversity +limit +passes$/m)
    for (const { recipe } of check.models) {
      expect(shown.stdout).toMatch(new RegExp(`^${recipe.name} .* (yes|no)$`, 'm'))
    }
    expect(shown.stdout).toContain(`${check.headline?.verdict}: ${check.headline?.figures}\n`)
  })

  it("checks a project's newest sweep, keeps the check with it, and goes on with what is left", async () => {
    const folder = await temporaryFolder()
    const created = await createProject({ folder, name: 'Check', pair: { kind: 'demo' }, prompts: PROMPTS })
    await created.close()
    const { path } = created
    const swept = await runCli(['sweep', '--project', path])
    expect(swept.stdout).toContain(`\nNext: slr check --project ${path}\n`)
    const recipes = join(folder, 'recipes.json')
    await writeFile(recipes, JSON.stringify([{ name: 'upper', ranges: [[6, 11]] }]))
    expect(await runCli(['check', '--project', path, '--recipes', recipes])).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('Saved in')
    })
    const again = await runCli(['check', '--project', path, '--best', '1', '--json'])
    const check = CheckOutput.parse(JSON.parse(again.stdout))
    expect(check.models.map(({ recipe }) => recipe.name)).toEqual([
      'upper',
      expect.stringMatching(/^Layers? \d/)
    ])
    const project = await openProject(path)
    expect(await project.readAnswerCheck(check.sweepId)).toEqual(AnswerCheck.parse(check))
    await project.close()
  })

  it('ends on Ctrl-C with nothing written, and says so', async () => {
    const out = join(await temporaryFolder(), 'check.json')
    const child = startCli(['check', '--demo', '--best', '40', '--out', out])
    const ended = exitStatus(child)
    await waitForOutput(child.stderr, 'checking whole answers')
    const rest = text(child.stderr)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(await rest).toMatch(
      `Stopped. Nothing is kept: a check starts from its beginning, and from a sweep that is there with --from FILE or --project FOLDER.\nThis starts again: slr check --demo --best 40 --out ${out}\n`
    )
    await expect(readFile(out)).rejects.toThrow('ENOENT')
  })

  it('refuses wrong usage', async () => {
    const [noPair, best] = await Promise.all([runCli(['check']), runCli(['check', '--demo', '--best', '0'])])
    expect(noPair).toMatchObject({ status: 2, stderr: expect.stringContaining('which pair?') })
    expect(best).toMatchObject({ status: 2 })
  })
})
