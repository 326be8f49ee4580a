import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { SampleLine } from '../../../../src/contract/documents/samples'
import { lockAnswersFile } from '../../../../src/main/cli/results/answers-file'
import { resourcePath } from '../../../../src/main/base/resources'
import { createEngineHost } from '../../../../src/main/engine/host'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { startAnswerEndpoint } from '../../../fixtures/answer-endpoint'
import { exitStatus, startCli } from '../../../fixtures/cli'
import { runHere, slr, stoppedHere } from '../../../fixtures/command-line'
import { answers, HeldEngine } from '../../../fixtures/held-engine'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { waitFor } from '../../../fixtures/wait-for'

const BASE = resourcePath('blend-pair', 'base')
const POST = resourcePath('blend-pair', 'post')

async function promptFile(name = 'prompts.txt', content = 'Name a colour.\nName an animal.\n'): Promise<string> {
  const file = join(await temporaryFolder(), name)
  await writeFile(file, content)
  return file
}

function parseLines(text: string): SampleLine[] {
  const lines = text.split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => SampleLine.parse(JSON.parse(line)))
}

const nameOf = ({ variant, prompt, index }: SampleLine): string => `${variant} ${prompt} ${index}`

describe('slr sample', () => {
  it('goes on after a prompt that an endpoint refuses, and names the prompt', async () => {
    const { endpoint } = await startAnswerEndpoint({ refuses: (prompt) => prompt.includes('animal') })
    const described = { url: endpoint.baseUrl, model: endpoint.model, requests: 1 }
    const served = `restored=${await promptFile('endpoint.yaml', JSON.stringify(described))}`
    const out = join(await temporaryFolder(), 'samples.jsonl')
    const request = ['sample', '--blend-demo', '--prompts', await promptFile(), '--n', '2', served]
    const { status, stderr } = await runHere([...request, '--allow-address', endpoint.baseUrl, '--out', out])
    expect(status).toBe(0)
    expect(stderr).toContain('Answers of "restored" to 1 prompt were refused or failed: Prompt 2 ("Name an animal.")')
    const lines = parseLines(await readFile(out, 'utf8'))
    expect(lines.map(({ prompt, text }) => [prompt, text === ''])).toEqual([
      ...[
        [0, false],
        [0, false],
        [1, true],
        [1, true]
      ]
    ])
  })

  it('asks an endpoint only for answers that a killed run has not stored, and neither stores nor prints the key', async () => {
    const { endpoint, requests, counts } = await startAnswerEndpoint({
      n: 'ignored',
      delayMs: 20,
      key: 'sk-very-secret'
    })
    const out = join(await temporaryFolder(), 'samples.jsonl')
    const { model, baseUrl } = endpoint
    const described = { url: baseUrl, model, key: 'STAND_IN_API_KEY', requests: 4 }
    const served = `restored=${await promptFile('endpoint.yaml', JSON.stringify(described))}`
    const request = ['sample', '--blend-demo', '--prompts', await promptFile(), '--n', '30', served]
    const args = [...request, '--allow-address', `STAND_IN_API_KEY@${baseUrl}`, '--out', out]
    const env = { STAND_IN_API_KEY: 'sk-very-secret' }
    const killed = startCli(args, env)
    await waitFor(() => expect(counts.sent).toBeGreaterThan(12))
    killed.kill('SIGKILL')
    await exitStatus(killed)
    vi.stubEnv('STAND_IN_API_KEY', env.STAND_IN_API_KEY)
    onTestFinished(() => void vi.unstubAllEnvs())
    const { status, stderr } = await runHere([...args, '--quiet'])
    // Even with --quiet, the command names the endpoints that receive prompts.
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `Prompts leave this program: they are sent to ${new URL(endpoint.baseUrl).host} (another program on this machine) with the key in STAND_IN_API_KEY, to be answered by served.\n`
    })
    const stored = await readFile(out, 'utf8')
    expect(new Set(parseLines(stored).map(nameOf)).size).toBe(60)
    expect(parseLines(stored)).toHaveLength(60)
    expect(counts.sent - 60).toBeLessThanOrEqual(4)
    expect(requests.every(({ key }) => key === 'Bearer sk-very-secret')).toBe(true)
    expect(stored + stderr).not.toContain('secret')
  })

  it('writes the answers of every model named as lines, with means of how diverse they are', async () => {
    const prompts = await promptFile()
    const out = join(await temporaryFolder(), 'samples.jsonl')
    const pair = ['--base', BASE, '--post', POST]
    const models = ['base', 'post', '4-11', '0-1,9-9']
    const { status, stdout, stderr } =
      await slr`sample ${pair} ${models} --prompts ${prompts} --n 8 --seed 3 --paper --max-tokens 12 --out ${out}`
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^model +Distinct answers +Answer entropy +Distinct-2 +Self-BLEU +Word distance\nbase [^]*\npost [^]*\n4-11 [^]*\n0-1,9 [^]*\nMeans over 2 prompts of 8 answers each\. A mean with n leaves out prompts [^\n]*\n$/
    )
    expect(stderr).toMatch(
      /^2 prompts × 4 variants × 8 = 64 answers, at most 12 tokens each, 768 in all, on CPU\.\n0 % {2}preparing\n(\d+ % {2}.* answers.*\n)*Wrote .*samples\.jsonl: 64 answers on CPU in fp32, weights held as fp32\n$/
    )
    const names = parseLines(await readFile(out, 'utf8')).map(nameOf)
    const expected = ['base', 'post', '4-11', '0-1,9'].flatMap((variant) =>
      [0, 1].flatMap((prompt) => Array.from({ length: 8 }, (_, index) => `${variant} ${prompt} ${index}`))
    )
    expect(names.toSorted()).toEqual(expected.toSorted())

    const one = ['--prompts', prompts, '--n', '1', '--max-tokens', '4', '--out', out, '--json']
    const again = await runHere(['sample', ...pair, ...one])
    expect(again.stderr).toMatch(/Replaced .*samples\.jsonl: 2 answers/)
    const measures = { sampleCount: 1, values: { distinctAnswers: 1 } }
    expect(JSON.parse(again.stdout)).toMatchObject({
      ...{ out, sampleCount: 2, device: 'cpu', precision: 'fp32', weights: 'fp32' },
      variants: [{ variant: 'post', measures }]
    })
  })

  it('prints measures and answers as one JSON object without a file', async () => {
    const asked = ['sample', '--blend-demo', '--prompt', 'Name a colour.', '--n', '3', '--max-tokens', '4']
    const { stdout, stderr } = await runHere([...asked, '--json', '--quiet'])
    expect(stderr).toBe('')
    const result: unknown = JSON.parse(stdout)
    expect(result).toMatchObject({
      ...{ sampleCount: 3, device: 'cpu', precision: 'fp32', variants: [{ variant: 'post' }] },
      answers: [0, 1, 2].map((index) => ({ index, promptText: 'Name a colour.', text: expect.any(String) }))
    })
  })

  it('samples a recipe from a file under its name, with weights held as asked', async () => {
    const recipe = await promptFile('recipe.json', '{"name": "upper", "ranges": [[4, 11]]}')
    const out = join(await temporaryFolder(), 'samples.jsonl')
    const request = ['--blend-demo', recipe, '--prompts', await promptFile(), '--n', '2']
    const held = ['--weights', 'int8', '--memory', '1GB', '--max-tokens', '8', '--out', out]
    const { stderr } = await runHere(['sample', ...request, ...held])
    expect(stderr).toMatch('weights held as int8')
    const variants = parseLines(await readFile(out, 'utf8')).map(({ variant }) => variant)
    expect(new Set(variants)).toEqual(new Set(['upper']))
  })

  it('warns before it begins of int4 weights, and of answers that end only at the most tokens', async () => {
    const post = join(await temporaryFolder(), 'post')
    await cp(POST, post, { recursive: true })
    for (const name of ['config', 'generation_config', 'tokenizer_config', 'special_tokens_map']) {
      const file = join(post, `${name}.json`)
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replace(/"eos_token(_id)?"/g, '"sep_token$1"'))
    }
    const request = ['--base', post, '--post', post, '--prompts', await promptFile(), '--n', '2']
    const { status, stdout, stderr } = await slr`sample ${request} --max-tokens 12 --weights int4`
    expect(status).toBe(0)
    expect(stderr).toMatch(/^Weights are held in int4: every product is wrong by about 10 %.*\n[^]*^0 % {2}/m)
    expect(stderr).toMatch(/names no token that ends an answer/)
    expect(parseLines(stdout).map(({ finish }) => finish)).toEqual(new Array(4).fill('length'))
  })

  // On Linux, WebGPU finds adapters through Vulkan's list of drivers.
  it.runIf(process.platform === 'linux')('says so when there is no such device, and samples nothing', async () => {
    const request = ['--blend-demo', '--prompts', await promptFile(), '--device', 'webgpu']
    const engine = createEngineHost()
    onTestFinished(async () => {
      vi.unstubAllEnvs()
      await engine.close()
    })
    // The engine inherits them.
    for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES']) vi.stubEnv(name, '/dev/null')
    const { status, stdout, stderr } = await runHere(['sample', ...request, '--quiet'], { engine })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^slr: No WebGPU device was found: .*\n.*use the CPU/)
  })

  it('names a prompt and a memory that do not fit, and leaves an older file unchanged', async () => {
    const out = await promptFile('samples.jsonl', '{"variant":"older"}\n')
    const refused = async (words: RegExp, ...args: string[]): Promise<void> => {
      const { status, stdout, stderr } = await runHere(['sample', '--blend-demo', ...args, '--quiet', '--out', out])
      expect([status, stdout, stderr]).toEqual([1, '', expect.stringMatching(words)])
    }
    const prompts = ['--prompts', await promptFile()]

    const long = await promptFile('long.txt', `Name a colour.\n${'Name a colour. '.repeat(200)}\n`)
    await Promise.all([
      refused(/Prompt 2 becomes \d+ tokens; post's context window of 512/, '--prompts', long),

      refused(/Generating takes at least .*\n.*Allow more memory/, ...prompts, '--memory', '176MiB')
    ])
    expect(await readFile(out, 'utf8')).toBe('{"variant":"older"}\n')
  })

  it('keeps finished answers when it is stopped or its engine is killed, and continues from them', async () => {
    const out = join(await temporaryFolder(), 'samples.jsonl')
    const request = ['sample', '--blend-demo', '--prompts', await promptFile(), '--n', '20', '--out', out]
    const stopped = await stoppedHere(request, answers(5))
    expect(stopped.status).toBe(null)
    expect(stopped.stderr).toMatch(
      /Stopped\. 5 of 40 answers are saved in .*samples\.jsonl\.\nResume: slr sample --blend-demo /
    )
    const kept = await readFile(out, 'utf8')
    expect(parseLines(kept)).toHaveLength(5)

    // While another command writes into the file, one of both would lose its answers.
    const lock = await lockAnswersFile(out)
    const refused = await runHere(request)
    lock.release()
    expect(refused.status).toBe(1)
    expect(refused.stderr).toMatch(/samples\.jsonl is in use by slr-workbench, process \d+[^]*name another file/)
    expect(await readFile(out, 'utf8')).toBe(kept)

    const engine = new HeldEngine(sharedEngine)
    const reached = engine.holdAt(answers(5))
    const running = runHere(request, { engine })
    await reached()
    engine.kill()
    const killed = await running
    expect(killed.status).toBe(1)
    expect(killed.stderr).toContain('Resuming: 5 of 40 answers are saved in')
    expect(killed.stderr).toContain('engine process was killed')
    expect(killed.stderr).toMatch(/10 of 40 answers are saved in .*samples\.jsonl\. The same command resumes/)
    const more = await readFile(out, 'utf8')
    expect(more.slice(0, kept.length)).toBe(kept)
    expect(new Set(parseLines(more).map(nameOf)).size).toBe(10)

    const last = await runHere(request)
    expect(last).toMatchObject({ status: 0 })
    const all = await readFile(out, 'utf8')
    // Stored answers keep their position among the others.
    expect(all.split('\n')).toEqual(expect.arrayContaining(more.split('\n')))
    const places = [0, 1].flatMap((prompt) => Array.from({ length: 20 }, (_, index) => `post ${prompt} ${index}`))
    expect(parseLines(all).map(nameOf)).toEqual(places)
    expect(await readdir(dirname(out))).toEqual(['samples.jsonl'])
  })
})
