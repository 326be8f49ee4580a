import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readStudy } from '../../../../src/main/study/study-file'
import { paperTemplate, quickTemplate } from '../../../../src/main/study/templates'
import { problemOf } from '../../../fixtures/problems'

const HEAD = 'name: s\npairs:\n  - demo\n'
const Refused = z.strictObject({ what: z.string(), text: z.string(), message: z.string() })

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
    expect(study.pairs.map(({ demo, base }) => demo ?? base)).toEqual(['stages', 'a'])
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

  it.each(malformedCases('studies', Refused))('with $what is refused by line and field', async ({ text, message }) => {
    const problem = await problemOf(readStudy(text, 's.yaml'))
    expect(`${problem.code}: ${problem.message}`).toBe(message)
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
