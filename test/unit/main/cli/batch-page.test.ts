import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const page = await readFile(join(import.meta.dirname, '../../../../docs/batch.md'), 'utf8')

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
const manifests = [...page.matchAll(/```yaml\n(apiVersion.*?)```/gs)].map(([, text = '']) =>
  Manifest.parse(parse(text))
)

describe('docs/batch.md', () => {
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
