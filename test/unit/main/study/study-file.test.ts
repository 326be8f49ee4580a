import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readStudy } from '../../../../src/main/study/study-file'
import { paperTemplate, quickTemplate } from '../../../../src/main/study/templates'
import { goldenText } from '../../../fixtures/golden-text'
import { problemOf } from '../../../fixtures/problems'

const HEAD = 'name: s\npairs:\n  - demo\n'

describe('a study file', () => {
  it('reads short forms with their meaning', async () => {
    const study = await readStudy(
      `${HEAD}  - {name: L, base: a, post: b, template-argument: {enable_thinking: false}}\n` +
        'memory: 6GiB\nsweep: {}\ntasks: [open, {task: creative, n: 4}]\n' +
        'variants:\n  - post\n  - selected\n  - restore: 5\n  - restore: 3-7@../sft,9\n  - baseline: sampler:1.5,0.02\n' +
        '  - endpoint-chat: restored=slr-8b@http://localhost:8000/v1\n' +
        '    endpoint-key: A_API_KEY\n    endpoint-requests: 4\n',
      's.yaml'
    )
    const layers = (layer: number) => ({ ranges: [[layer, layer]], source: null })
    expect(study.memory).toBe(6 * 2 ** 30)
    expect(study.pairs.map(({ demo, base }) => demo ?? base)).toEqual([true, 'a'])
    expect(study.tasks).toEqual([{ task: 'open' }, { task: 'creative', n: 4 }])
    expect(study.evaluate).toEqual({})
    expect(study.variants.map(({ model }) => model)).toEqual([
      { kind: 'post' },
      { kind: 'from sweep', models: 'selected' },
      { kind: 'layers', restored: [layers(5)] },
      { kind: 'layers', restored: [{ ranges: [[3, 7]], source: '../sft' }, layers(9)] },
      { kind: 'baseline', baseline: { kind: 'sampler', temperature: 1.5, minP: 0.02 } },
      {
        kind: 'endpoint',
        name: 'restored',
        endpoint: {
          ...{ model: 'slr-8b', baseUrl: 'http://localhost:8000/v1', through: 'chat' },
          ...{ keyVariable: 'A_API_KEY', concurrency: 4, anyModel: false }
        }
      }
    ])
  })

  it.each([
    ['quick', quickTemplate],
    ['paper', paperTemplate]
  ])('reads what --template %s writes, under any name', async (_, template) => {
    for (const name of ['quick', 'no', '1e3', 'a: "b" #', 'ü'])
      expect((await readStudy(template(name), 't.yaml')).name).toBe(name)
    expect((await readStudy(template('two\nlines\u202e'), 't.yaml')).name).toBe('two linesU+202E')
  })

  it('reads the example of its documentation', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../../docs/batch.md'), 'utf8')
    const [, example = ''] = /```yaml\n([^]*?)```/.exec(page) ?? []
    expect((await readStudy(example, 'batch.md')).tasks).toHaveLength(2)
  })

  it('names line and field of what it refuses', async () => {
    const pair = 'name: s\npairs:\n  - '
    const [variant, sweep] = [`${HEAD}variants:\n  - `, `${HEAD}sweep:\n  `]
    const files = {
      'a value out of bounds': `${sweep}uniform-blends: 21\n  rho: 1.5\n`,
      'no name': 'pairs: [demo]\n',
      'no pairs': 'name: s\n',
      'a field that there is not': `${sweep}rho: 1\n  roh: 1\n`,
      'a word that is no model': `${variant}post\n  - selceted\n`,
      'two models in one': `${variant}blend: 0.5\n    restore: 5\n`,
      'an endpoint with a user': `${variant}endpoint: x=m@http://u:p@localhost/v1\n`,
      'no range': `${variant}restore: 7-3\n`,
      'half a pair': `${pair}base: a\n`,
      'a pair of an unknown name': 'name: s\npairs: [demmo]\n',
      'a check without a sweep': `${HEAD}check: 5\n`,
      'a check of a sweep by a task': `${HEAD}sweep: {task: demo-open}\ncheck: 5\n`,
      'a sampler of the character task': `${sweep}min-p: 0.1\n`,
      'prompts beside a task': `${sweep}task: open\n  prompts: p.json\n`,
      'a name of another folder': 'name: ../evil\npairs: [demo]\n',
      'a name with a backslash': 'name: a\\b\npairs: [demo]\n',
      'a name that is a folder': 'name: ".."\npairs: [demo]\n',
      'fp16 on the CPU for all tasks': `${HEAD}evaluate: {precision: fp16}\ntasks: [open]\n`,
      'fp16 on the CPU for a task': `${HEAD}evaluate: {device: webgpu}\ntasks:\n  - open\n  - task: open\n    device: cpu\n    precision: fp16\n`,
      'a report that ends otherwise': `${HEAD}report: x.pth\n`,
      'a project that forges lines': `${HEAD}project: "p.slr\\nNothing"\n`,
      'a task that hides text': `${HEAD}tasks: ["a\\e[8m"]\n`,
      'a name that turns letters around': 'name: "a\\u202eb"\npairs: [demo]\n',
      'a name for what may be several': `${variant}model: baselines\n    name: r\n`
    }
    const told: Record<string, string> = {}
    for (const [what, text] of Object.entries(files)) {
      const { code, message } = await problemOf(readStudy(text, 's.yaml'))
      told[what] = `${code}: ${message}`
    }
    await expect(goldenText(told)).toMatchFileSnapshot('study-file.golden.txt')
  })

  it('takes line breaks in prompts', async () => {
    const text = `${HEAD}variants: [{model: post, system: "a\\nb"}]\n`
    expect((await readStudy(text, 's.yaml')).variants[0]?.system).toBe('a\nb')
  })

  it('takes fp16 where a device other than the CPU computes every answer', async () => {
    const text = `${HEAD}evaluate: {device: webgpu, precision: fp16}\ntasks: [open, {task: open, device: cpu}]\n`
    expect((await readStudy(text, 's.yaml')).evaluate.precision).toBe('fp16')
  })

  it('refuses what unfolds to more than a file says', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 8; level += 1) {
      const [from, to] = ['abcdefgh'[level - 1], 'abcdefgh'[level]]
      bomb.push(`${to}: &${to} [${Array<string>(10).fill(`*${from}`).join(', ')}]`)
    }
    expect(await problemOf(readStudy(bomb.join('\n'), 's.yaml'))).toMatchObject({ code: 'bad-file' })
  })
})
