import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { builtinPromptSet } from '../../../../src/main/crc/task/builtin-prompts'
import { openOrFollow, openProject } from '../../../../src/main/project/open-project'
import { ProjectFollower } from '../../../../src/main/project/project-follower'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { exitStatus, startCli, waitForOutput } from '../../../fixtures/cli'
import { runHere, stoppedHere } from '../../../fixtures/command-line'
import { answers } from '../../../fixtures/held-engine'
import { says, startJudgeEndpoint } from '../../../fixtures/judge-endpoint'
import { writeMadePair } from '../../../fixtures/made-pair'
import { waitFor } from '../../../fixtures/wait-for'
import { whyNoWebGpu } from '../../../fixtures/webgpu'

const missing = await whyNoWebGpu()

const Verdict = z.object({ headline: z.string() }).nullable()
const work = z.record(z.string(), z.number())
const Step = z.object({ key: z.string(), outcome: z.string(), work, result: z.string().nullable() })
const Outcome = z.object({
  verdicts: z.array(z.object({ pair: z.string(), verdict: Verdict })),
  steps: z.array(Step)
})
const Plan = z.object({ steps: z.array(z.object({ state: z.string() })) })
type Steps = z.infer<typeof Step>[]

/** A study of a made pair on four prompts, two questions and two answers each. */
async function smallStudy(change = ''): Promise<{ folder: string; file: string }> {
  const folder = await temporaryFolder()
  await writeMadePair(folder, 6)
  const prompts = await builtinPromptSet('demo-crc')
  const few = [...prompts.slice(0, 2), ...prompts.slice(-2)]
  await writeFile(join(folder, 'prompts.json'), JSON.stringify(few))
  const file = join(folder, 'small.yaml')
  await writeFile(
    file,
    'name: small\npairs:\n  - {name: Short, base: base, post: post}\n' +
      'sweep: {prompts: prompts.json, uniform-blends: 0}\ncheck: 1\nvariants: [post, selected]\n' +
      `tasks:\n  - {task: demo-open, prompts: 2, n: 2}\n${change}`
  )
  return { folder, file }
}

/** Writes other words into the file of a study. */
async function reworded(file: string, ...changes: [string | RegExp, string][]): Promise<void> {
  let text = await readFile(file, 'utf8')
  for (const [from, to] of changes) text = text.replace(from, to)
  await writeFile(file, text)
}

async function run(...args: string[]): Promise<Steps> {
  const { stdout, status, stderr } = await runHere(['study', ...args, '--json', '--quiet'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return Outcome.parse(JSON.parse(stdout)).steps
}

/** Returns the steps of a study with their states. A report is always computed again. */
async function planned(file: string): Promise<string[]> {
  const { stdout } = await runHere(['study', file, '--dry-run', '--json'])
  return Plan.parse(JSON.parse(stdout)).steps.map(({ state }) => state)
}

const outcomes = (steps: Steps): string[] => steps.map(({ key, outcome }) => `${key} ${outcome}`)
const kinds = (steps: Steps): string[] => steps.map(({ outcome }) => outcome)
const totalWork = (steps: Steps): number =>
  steps.flatMap(({ work }) => Object.values(work)).reduce((sum, count) => sum + count, 0)

describe('slr study', { timeout: 90_000 }, () => {
  it('continues after a kill and after Ctrl-C, and computes nothing twice', async () => {
    const { folder, file } = await smallStudy()
    const killed = startCli(['study', file])
    await waitForOutput(killed.stderr, '2 of 4: Short/check')
    // It goes no further meanwhile.
    killed.kill('SIGSTOP')
    const followed = await openOrFollow(join(folder, 'small.slr'))
    new ProjectFollower(followed, 20)
    const states = (): string[] | undefined => followed.work.study?.steps.map(({ state }) => state)
    expect(followed.work.study).toMatchObject({ name: 'small', file, running: true, ended: null })
    const begun = ['computed', 'running', 'waiting', 'waiting']
    expect(states()).toEqual(begun)
    killed.kill('SIGKILL')
    await exitStatus(killed)
    expect(followed.work.study).toMatchObject({ running: false, ended: null })
    expect(states()).toEqual(begun)

    expect(outcomes(await run(file, '--only', 'step=check'))).toEqual(['Short/check computed'])

    const stopped = await stoppedHere(['study', file], answers(3))
    await waitFor(() => expect(followed.work.study).toMatchObject({ running: false, ended: 'stopped' }))
    expect(states()).toEqual(['found', 'found', 'running', 'waiting'])
    await followed.close()
    expect(stopped.stderr).toContain('Short/sweep: Already there')
    expect(stopped.stderr).toContain(`Resume: slr study ${file}\n`)

    const finished = await run(file)
    expect(outcomes(finished)).toEqual([
      ...['Short/sweep found', 'Short/check found'],
      ...['Short/evaluate/demo-open computed', 'Short/report written']
    ])
    expect(finished[2]?.work).toMatchObject({ answers: 5, promptsRead: 2 })
    const page = await readFile(join(folder, 'small.html'), 'utf8')
    expect(page).toContain('Differences on the same prompts, with 95 % intervals and adjusted p-values')

    expect(page).toMatch(/full-answer check.*1 recipe/s)
    expect(page).toMatch(/passes a token.*>post<.*>1<.*>1<.*>4</s)

    const again = await run(file)
    expect(kinds(again)).toEqual(['found', 'found', 'found', 'written'])
    expect(totalWork(again)).toBe(0)
    expect(again.map(({ result }) => result)).toEqual(finished.map(({ result }) => result))

    const { stdout } = await runHere(['study', file, '--only', 'step=check'])
    expect(stdout).toMatch(/^Short:\nThe prompts do not fit[^]*\nProject: .*small\.slr\n/m)
  })

  it('plans without writing, and names data that would leave the machine', async () => {
    const { folder, file } = await smallStudy('    # asked\nreport: taken.html\n')
    await writeFile(join(folder, 'taken.html'), 'not a report')
    const far = '{endpoint: far=m@https://models.example/v1}'
    await reworded(file, ['[post, selected]', `[post, selected, ${far}]`])
    const { stdout, stderr, status } = await runHere(['study', file, '--dry-run'])
    expect(status).toBe(1)
    expect(stderr).toContain('1 of 4 steps would fail: Short/report.')
    expect(stdout).toMatch(
      /Short\/sweep +missing .* block evaluations .* peak|Short\/sweep +missing .*peak .* block evaluations/
    )
    expect(stdout).toContain('2 prompts × 3 variants at most × 2: 12 of 12 answers')
    expect(stdout).toContain('models.example (another machine), to be answered by m. 2 prompts, for 4 answers as far.')
    expect(stdout).toMatch(/Short\/report .*would fail: .*taken\.html is there, and is no report of this program/)
    await expect(openProject(join(folder, 'small.slr'))).rejects.toThrow('There is no folder')

    expect(stderr).toContain('To run the study, add --allow-address https://models.example')
    const refused = await runHere(['study', file, '--out', join(folder, 'other.html')])
    expect(refused.stderr).toContain('Nobody has confirmed on this machine that prompts may be sent to models.example')
    expect(refused.status).toBe(1)

    await reworded(file, ['v1}', 'v1, endpoint-key: SLR_UNSET_API_KEY}'])
    const failing = await runHere(['study', file, '--dry-run'])
    expect(failing.stdout).toMatch(/evaluate\/demo-open .*would fail: .*SLR_UNSET_API_KEY/)
    expect(failing.stdout).toMatch(/models\.example .* Not before this step would no longer fail\./)
  })

  it('begins nothing whose report or project could not be written', async () => {
    const { folder, file } = await smallStudy('report: gone/r.html\n')
    const refused = await runHere(['study', file])
    expect(refused.stderr).toContain(`${join(folder, 'gone', 'r.html')} cannot be written`)
    await expect(openProject(join(folder, 'small.slr'))).rejects.toThrow('There is no folder')
    const other = await smallStudy('project: gone/p.slr\n')
    const planned = await runHere(['study', other.file, '--dry-run'])
    expect(planned.stderr).toContain(`${join(other.folder, 'gone', 'p.slr')} cannot be written`)
    expect([refused.status, planned.status]).toEqual([1, 1])
  })

  it('skips steps that need a failed one, does the others, and ends with the failure', async () => {
    const { folder, file } = await smallStudy('memory: 1MB\n')
    const { stdout, stderr, status } = await runHere(['study', file, '--json'])
    expect(status).toBe(1)
    expect(outcomes(Outcome.parse(JSON.parse(stdout)).steps)).toEqual([
      ...['Short/sweep failed', 'Short/check left out'],
      ...['Short/evaluate/demo-open left out', 'Short/report written']
    ])
    expect(stderr).toMatch(/Short\/sweep: Failed\. .*needs at least \d+ MiB/)
    expect(stderr).toContain('3 of 4 steps were not done: Short/sweep, Short/check, Short/evaluate/demo-open.')
    expect(await readFile(join(folder, 'small.html'), 'utf8')).toMatch(
      /Short\/sweep: Failed\. .*needs at least \d+ MiB/
    )
  })

  it('takes layers of another checkpoint, and computes results that depend on it again when it changes', async () => {
    const { folder, file } = await smallStudy()
    await cp(join(folder, 'base'), join(folder, 'sft'), { recursive: true })
    const restored = '[post, selected, {restore: "1-2@sft,4"}]'
    await reworded(file, ['check: 1\n', ''], ['sweep: {', 'sweep: {source: sft, '])
    await reworded(file, ['[post, selected]', restored], ['prompts: 2, n: 2', 'prompts: 1, n: 1'])
    const first = await run(file)
    expect(kinds(first)).toEqual(['computed', 'computed', 'written'])
    expect(await readFile(join(folder, 'small.html'), 'utf8')).toMatch(/sft, fingerprint [0-9a-f]+/)
    expect(await planned(file)).toEqual(['there', 'there', 'missing'])

    // Base's layers, by another name, make what is there of other models.
    await appendFile(join(folder, 'sft', 'config.json'), '\n')
    expect(await planned(file)).toEqual(['missing', 'missing', 'missing'])
    expect(kinds(await run(file, '--only', 'step=sweep'))).toEqual(['computed'])

    await rm(join(folder, 'sft'), { recursive: true })
    const gone = await runHere(['study', file, '--dry-run'])
    expect(gone.status).toBe(1)
    expect(gone.stdout).toMatch(/Short\/sweep .*would fail: .*sft/)
  })

  it('imports published prompts, chooses those that post fails, scores ranges by a task and asks a judge', async () => {
    let refusing = true
    const { host, requests } = await startJudgeEndpoint((_, response) => {
      if (refusing && requests.length > 1) response.writeHead(401).end()
      else response.end(says('7'))
    })
    const judge = `judge: {url: http://${host}/v1, model: j, rate: 60000}`
    const { folder, file } = await smallStudy(
      `  - {import: verbalized-sampling, file: [joke.txt], n: 2, ${judge}}\n` +
        '  - {import: coverage-qa, file: state.json, n: 1, sweep: true}\n' +
        '  - {import: gsm8k, file: test.jsonl, n: 1, failed-by-post: 1}\n'
    )
    await reworded(file, ['check: 1\n', ''], ['  - {task: demo-open, prompts: 2, n: 2}\n', ''])
    await writeFile(join(folder, 'joke.txt'), 'Tell a joke.\n')
    const question = { answers: [['a'], ['e'], ['i']], category: 'vowels' }
    await writeFile(join(folder, 'state.json'), JSON.stringify({ 'A vowel?': question }))
    const lines = [1, 2].map((n) => JSON.stringify({ question: `What is ${n} + 90?`, answer: `#### ${n + 90}` }))
    await writeFile(join(folder, 'test.jsonl'), lines.join('\n'))

    const plan = await runHere(['study', file, '--dry-run'])
    expect(plan.stdout).toMatch(/evaluate\/verbalized-sampling +missing .* at most .* as in a short trial/)
    expect(plan.stdout).toContain('to be judged by j. At most 4 requests, which take at least')
    expect(plan.stdout).toMatch(/filter\/gsm8k +missing +2 prompts × 1 variant/)
    expect(requests).toEqual([])

    // Each step is run by another process, as after a kill.
    for (const step of ['sweep', 'filter']) await run(file, '--only', `step=${step}`)
    const stopped = await runHere(['study', file])
    expect(stopped.stderr).toMatch(/evaluate\/verbalized-sampling: Failed\. The judge at .* refused the key \(401\)/)
    expect(stopped.status).toBe(1)
    const asked = requests.length
    refusing = false
    const finished = await run(file)
    expect(outcomes(finished)).toEqual([
      ...['Short/sweep found', 'Short/evaluate/verbalized-sampling computed'],
      ...['Short/sweep/coverage-qa found', 'Short/evaluate/coverage-qa found'],
      ...['Short/filter/gsm8k found', 'Short/evaluate/gsm8k found', 'Short/report written']
    ])
    const verdicts = finished[1]?.work['verdicts'] ?? 0
    expect(finished[1]?.work).toMatchObject({ answers: 0, verdicts })
    expect(requests).toHaveLength(asked + verdicts)
    expect(totalWork(await run(file))).toBe(0)

    const page = await readFile(join(folder, 'small.html'), 'utf8')
    expect(page).toContain('1 prompt of “gsm8k” that post&#39;s greedy decoding missed, the first of 2')
    expect(page).toContain('scored exactly by both')
  })

  it.skipIf(missing !== null)('evaluates on the device that it names, and finds that again', async () => {
    const { folder, file } = await smallStudy()
    const onGpu = 'variants: [post]\nevaluate: {device: webgpu, weights: int8}\n'
    await reworded(file, [/sweep: .*\ncheck: 1\nvariants: .*\n/, onGpu])
    await reworded(file, ['prompts: 2, n: 2', 'prompts: 1, n: 1'])
    const { stdout } = await runHere(['study', file, '--dry-run'])
    expect(stdout).toMatch(/1 of 1 answer · at most [\d,]+ tokens on WebGPU/)
    const [evaluated] = await run(file)
    const project = await openProject(join(folder, 'small.slr'))
    const { run: stored } = await project.firstPair.evaluations.read(evaluated?.result ?? '')
    await project.close()
    expect(stored).toMatchObject({ computing: { device: 'webgpu', weights: 'int8' }, weights: 'int8' })
    await reworded(file, ['n: 1', 'n: 1, device: cpu'])
    expect(await planned(file)).toEqual(['missing', 'missing'])
  })

  it('writes a template, which --json names, but over no file', async () => {
    const { folder, file } = await smallStudy()
    const fresh = join(folder, 'fresh.yaml')
    const written = await runHere(['study', fresh, '--template', 'quick', '--json', '--quiet'])
    expect(JSON.parse(written.stdout)).toEqual({ kind: 'study-file', schemaVersion: 1, file: fresh })
    expect(await readFile(fresh, 'utf8')).toContain('name: fresh')
    const { stderr, status } = await runHere(['study', file, '--template', 'quick'])
    expect([status, stderr]).toEqual([2, expect.stringContaining('exists already')])
  })
})
