import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { SweepDocument } from '../../src/contract/documents/crc'
import { SweepPart } from '../../src/contract/documents/sweep-part'
import { builtScript } from '../../src/main/base/built'
import { builtinPromptSet } from '../../src/main/crc/task/builtin-prompts'
import { writeShortPair } from '../fixtures/short-pair'
import { Slurm, slurmMissing } from '../fixtures/slurm'

/** Enough that each shard is computed in several groups within the least memory that the pair needs. */
const REPEATED = 3
const MEMORY = '180MiB'

/** The blocks of code below a heading of docs/batch.md, by their language, each as often as it is there. */
async function documented(heading: string): Promise<string[]> {
  const page = await readFile('docs/batch.md', 'utf8')
  const [, section = ''] = page.split(`## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  return [...own.matchAll(/```sh\n(.*?)```/gs)].map(([, code = '']) => code)
}

/**
 * Stands where npx finds slr. Task 1 is held in its first attempt as soon as it has computed a group of its prompts, so that it is
 * preempted in the middle of its work.
 */
const HELD_SLR = `#!/bin/sh
part=$(dirname "$0")/../../../parts/part1.json.partial
node=${process.execPath}
cli=${builtScript('cli.js')}
if [ "$SLURM_ARRAY_TASK_ID" != 1 ] || [ -n "$SLURM_RESTART_COUNT" ]; then exec "$node" "$cli" "$@"; fi
"$node" "$cli" "$@" &
until [ "$(wc -l < "$part")" -ge 2 ]; do sleep 0.02; done 2>/dev/null
kill -STOP $!
touch "$(dirname "$0")/held"
wait $!
`

describe.skipIf(slurmMissing !== null)(
  `the job script for Slurm${slurmMissing === null ? '' : `: ${slurmMissing}`}`,
  { timeout: 240_000 },
  () => {
    let folder: string
    let slurm: Slurm
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'slr-slurm-'))
      const bin = join(folder, 'slr-workbench', 'node_modules', '.bin')
      await mkdir(bin, { recursive: true })
      await writeFile(join(bin, 'slr'), HELD_SLR)
      await chmod(join(bin, 'slr'), 0o755)
      await mkdir(join(folder, 'models'))
      await mkdir(join(folder, 'parts'))
      await writeShortPair(join(folder, 'models'))
      const prompts = await builtinPromptSet('demo-crc')
      const more = Array.from({ length: REPEATED }, (_, turn) =>
        prompts.map((prompt) => ({ ...prompt, text: `${prompt.text}${' Please.'.repeat(turn)}` }))
      )
      await writeFile(join(folder, 'prompts.json'), JSON.stringify(more.flat()))
      await mkdir(join(folder, 's'))
      slurm = await Slurm.start(join(folder, 's'))
    }, 60_000)
    afterAll(async () => {
      await slurm.stop()
      await rm(folder, { recursive: true, force: true })
    })

    it('continues a preempted task, and its parts are joined once all exist', async () => {
      const [script, submit] = (await documented('Slurm')).map((code) =>
        code
          .replaceAll('/shared', folder)
          .replace('--array=1-8', '--array=1-2')
          .replace('$SLURM_ARRAY_TASK_ID/8', '$SLURM_ARRAY_TASK_ID/2')
          .replace('--device cpu', `--device cpu --memory ${MEMORY}`)
      )
      await writeFile(join(folder, 'sweep.sbatch'), script ?? '')
      const job = await slurm.run('sbatch', '--parsable', join(folder, 'sweep.sbatch'))
      const [, merging = ''] = /--wrap \\\n\s+"(.*)"/.exec(submit ?? '') ?? []
      const merge = await slurm.run(
        'sbatch',
        '--parsable',
        `--dependency=afterok:${job}`,
        '--output=/dev/null',
        '--wrap',
        merging
      )

      const bin = join(folder, 'slr-workbench', 'node_modules', '.bin')
      const there = (path: string): Promise<void> =>
        vi.waitFor(() => expect(existsSync(path), path).toBe(true), { timeout: 60_000, interval: 100 })
      await there(join(bin, 'held'))
      const urgent = ['--partition=high', '--cpus-per-task=32', '--output=/dev/null']
      await slurm.run('sbatch', ...urgent, '--wrap', `touch ${join(folder, 'urgent')}`)
      await there(join(folder, 'urgent'))
      expect(existsSync(join(folder, 'parts', 'part1.json'))).toBe(false)

      await there(join(folder, 'sweep.json'))
      expect(await slurm.run('scontrol', 'show', 'job', `${job}_1`)).toMatch(/ Restarts=1 /)
      expect(await slurm.run('squeue', '--noheader', '--states=PENDING', `--jobs=${merge}`)).toBe('')
      const part = SweepPart.parse(JSON.parse(await readFile(join(folder, 'parts', 'part1.json'), 'utf8')))
      expect(part.reusedPromptCount).toBeGreaterThan(0)
      expect(part.reusedPromptCount).toBeLessThan(part.prompts.length)
      expect(existsSync(join(folder, 'parts', 'part1.json.partial'))).toBe(false)
      const sweep = SweepDocument.parse(JSON.parse(await readFile(join(folder, 'sweep.json'), 'utf8')))
      expect(sweep.prompts).toHaveLength(40 * REPEATED)
      expect(sweep.selected).toEqual({ start: 4, end: 5 })
    })
  }
)
