import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const PAGE = join(import.meta.dirname, '../../../../docs/batch.md')

const Manifest = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.strictObject({
    completions: z.number(),
    parallelism: z.number(),
    completionMode: z.literal('Indexed'),
    backoffLimit: z.number(),
    template: z.strictObject({
      spec: z.strictObject({
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
            volumeMounts: z.tuple([z.strictObject({ name: z.string(), mountPath: z.string() })])
          })
        ]),
        volumes: z.tuple([
          z.strictObject({
            name: z.string(),
            persistentVolumeClaim: z.strictObject({ claimName: z.string() })
          })
        ])
      })
    })
  })
})

it('each pod of the Job in docs/batch.md takes the shard of its index, on a volume that it mounts', async () => {
  const [, text = ''] = /```yaml\n(apiVersion.*?)```/s.exec(await readFile(PAGE, 'utf8')) ?? []
  const { spec } = Manifest.parse(parse(text))
  const { containers, volumes } = spec.template.spec
  const [{ command, volumeMounts }] = containers
  const [{ name, mountPath }] = volumeMounts
  const words = command.join(' ')
  expect(name).toBe(volumes[0].name)
  expect(words).toContain(`${mountPath}/`)
  expect(spec.parallelism).toBe(spec.completions)
  expect(words).toContain(`--shard "$((JOB_COMPLETION_INDEX + 1))/${spec.completions}"`)
  expect(words).toContain('part$((JOB_COMPLETION_INDEX + 1)).json')
})
