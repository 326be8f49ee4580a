import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { commandLine } from '../../../../src/main/cli/command-line'

const page = await readFile(join(import.meta.dirname, '../../../../docs/batch.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code)

const Manifest = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.strictObject({
    completions: z.number().optional(),
    parallelism: z.number().optional(),
    completionMode: z.literal('Indexed').optional(),
    backoffLimit: z.number(),
    template: z.strictObject({
      spec: z.strictObject({
        hostname: z.string().optional(),
        restartPolicy: z.literal('OnFailure'),
        containers: z.tuple([
          z.strictObject({
            name: z.string(),
            image: z.string(),
            command: z.array(z.string()),
            resources: z.strictObject({
              requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
              limits: z.strictObject({ memory: z.string() })
            }),
            volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string() }))
          })
        ]),
        volumes: z.array(
          z.strictObject({
            name: z.string(),
            persistentVolumeClaim: z.strictObject({ claimName: z.string() })
          })
        )
      })
    })
  })
})
const manifests = blocks('yaml')
  .filter((text) => text.startsWith('apiVersion'))
  .map((text) => Manifest.parse(parse(text)))

/** Every `slr` command of the page, in scripts and manifests, as words. */
const commands = [
  ...blocks('sh'),
  ...manifests.map(({ spec }) => spec.template.spec.containers[0].command.join(' '))
]
  .flatMap((text) => [...text.replaceAll('\\\n', ' ').matchAll(/(?<![\w/.-])slr (?=[a-z])([^\n&|]*)/g)])
  .map(([, words = '']) => words.replace(/ #.*/, '').trim().split(/\s+/))

describe('docs/batch.md', () => {
  it('names commands and options that there are', async () => {
    const { commands: known } = await commandLine(new AbortController().signal)
    expect(commands.length).toBeGreaterThan(12)
    for (const [name = '', ...words] of commands) {
      const options = known.find((command) => command.name() === name)?.options.map(({ long }) => long)
      expect(options, `slr ${name}`).toBeDefined()
      const used = words.flatMap((word) => /^--[a-z-]+/.exec(word) ?? [])
      expect(
        used.filter((option) => options?.includes(option) !== true),
        `slr ${name}`
      ).toEqual([])
    }
  })

  it('has manifests of which each pod takes the shard of its own index, on a volume that it mounts', () => {
    expect(manifests).toHaveLength(2)
    for (const { spec } of manifests) {
      const { containers, volumes } = spec.template.spec
      const [{ command, volumeMounts }] = containers
      expect(volumeMounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name))
      const text = command.join(' ')
      expect(text).toContain(`${volumeMounts[0]?.mountPath}/`)
      if (spec.completionMode === undefined) continue
      expect(spec.parallelism).toBe(spec.completions)
      expect(text).toContain(`--shard "$((JOB_COMPLETION_INDEX + 1))/${spec.completions}"`)
      expect(text).toContain('part$((JOB_COMPLETION_INDEX + 1)).json')
    }
  })
})
