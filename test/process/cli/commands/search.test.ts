import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AnswerCheck } from '../../../../src/contract/documents/answer-check'
import { ShownVerdict } from '../../../../src/contract/documents/verdict'
import { SearchDocument } from '../../../../src/contract/documents/search'
import type { EngineHost } from '../../../../src/main/engine/host'
import { openProject } from '../../../../src/main/project/open-project'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { runHere, slr } from '../../../fixtures/command-line'
import { HeldEngine, inOrder } from '../../../fixtures/held-engine'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { shortPair, shortProject } from '../../../fixtures/swept-project'

const PROMPTS = [
  { text: 'One letter, please.', category: 'letter', valid: ['A', 'B', 'C', 'D'] },
  { text: 'Give me a letter.', category: 'letter', valid: ['A', 'B', 'C', 'D'] },
  { text: 'One digit, please.', category: 'digit', valid: ['0', '1', '2'] },
  { text: 'Give me a digit.', category: 'digit', valid: ['0', '1', '2'] }
]
const PAIR = await shortPair()
const PAIR_OPTIONS = ['--base', PAIR.base, '--post', PAIR.post]
const SHORT = ['--generations', '1', '--strengths', 'none']

describe('slr search', () => {
  it('starts from a sweep in a file, and writes its result as JSON', async () => {
    const folder = await temporaryFolder()
    const [from, out] = [join(folder, 'sweep.json'), join(folder, 'search.json')]
    const prompts = join(folder, 'prompts.json')
    await writeFile(prompts, JSON.stringify(PROMPTS))
    const swept = await slr`sweep --no-check ${PAIR_OPTIONS} --prompts ${prompts} --quiet --out ${from}`
    expect(swept.status).toBe(0)
    const result = await runHere(['search', '--from', from, ...SHORT, '--out', out, '--json'])
    const { best, finding, ...printed } = z
      .looseObject({ best: z.unknown(), finding: ShownVerdict })
      .parse(JSON.parse(result.stdout))
    const search = SearchDocument.parse(printed)
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual({ kind: 'search', ...search, finding })
    const shown = await runHere(['show', out])
    expect(shown.stdout.split('\n')[0]).toBe(finding.headline)
    expect(best).toEqual(search.found[0])
    expect(search).toMatchObject({ stopped: 'generations', settings: { method: 'greedy', strengths: [] } })
    expect(search.generations).toHaveLength(1)
    for (const { validity } of search.found) expect(validity).toBeGreaterThanOrEqual(search.minimumValidity)
    expect(result.stderr).toMatch(/generation 1, \d+ recipes/)

    const checked = await runHere(['check', '--from', from, out, '--json', '--quiet'])
    const { models } = AnswerCheck.parse(JSON.parse(checked.stdout))
    expect(models.map(({ recipe }) => recipe)).toEqual(search.found.map(({ recipe }) => recipe))
  })

  it('continues after a kill from the sweep or the generation that was running', async () => {
    const folder = await temporaryFolder()
    const [prompts = '', out = ''] = ['prompts.json', 'search.json'].map((name) => join(folder, name))
    await writeFile(prompts, JSON.stringify(PROMPTS))
    const search = async (engine: EngineHost, place: string): Promise<SearchDocument> => {
      const command = ['search', ...PAIR_OPTIONS, '--prompts', prompts, '--generations', '2']
      const more = ['--strengths', 'none', '--out', place, '--json']
      const { status, stdout } = await runHere([...command, ...more], { engine })
      expect(status).toBe(0)
      return SearchDocument.parse(JSON.parse(stdout))
    }
    // The program is killed in its fifth turn at the engine, after the sweep, few-shot base, the halves and a generation.
    const engine = new HeldEngine(sharedEngine)
    const reached = engine.holdAt(inOrder('done', 'done', 'done', 'done', 'progress'))
    const running = search(engine, out)
    await reached()
    expect(await readdir(folder)).toEqual(['prompts.json', 'search.json.partial'])
    const left = join(await temporaryFolder(), 'left.json')
    await cp(`${out}.partial`, `${left}.partial`, { recursive: true })
    engine.letGo()
    const whole = await running
    expect(await readdir(folder)).toEqual(['prompts.json', 'search.json'])

    const resumed = await search(sharedEngine, left)
    const { id, createdAt, seconds, sweepId, work } = whole
    expect({ ...resumed, id, createdAt, seconds, sweepId, work }).toEqual(whole)
    expect(work.blockEvaluations - resumed.work.blockEvaluations).toBeGreaterThanOrEqual(
      whole.generations[0]?.blockEvaluations ?? NaN
    )
    expect(await readdir(dirname(left))).toEqual(['left.json'])
  })

  it("starts from a project's newest sweep of ranges, keeps the result there and tells people of it", async () => {
    const path = await shortProject(PROMPTS)
    const early = await runHere(['search', '--project', path])
    expect(early).toMatchObject({ status: 1, stderr: expect.stringContaining('no sweep of ranges') })
    await runHere(['sweep', '--no-check', '--project', path, '--uniform-blends', '2', '--quiet'])
    const result = await runHere(['search', '--project', path, ...SHORT, '--details'])
    expect(result).toMatchObject({ status: 0, stderr: expect.stringContaining('Saved in') })
    expect(result.stdout).toMatch(/^Cross-fitted: .*, searched on one half of the prompts and compared on the other/m)

    const project = await openProject(path)
    const sweepId = project.firstPair.sweeps[0]?.id ?? ''
    const id = project.firstPair.searches[0]?.id ?? ''
    expect(await project.firstPair.readSearch(sweepId)).toMatchObject({ id, sweepId })
    const file = join(path, 'pairs/pair-1', 'searches', `${id}.json`)
    expect(result.stdout).toMatch(/^\S.*, not checked: diversity .* on first tokens\. Over .* on \d unseen prompts\.$/m)
    expect(result.stdout).toContain(`Next: slr check --project ${path} ${file}\n`)
    expect(await project.firstPair.readSearch('../project')).toBeNull()
    await project.close()
  })
})
