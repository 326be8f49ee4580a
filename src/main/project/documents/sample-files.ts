import { fileError } from '../../../contract/model/problem'
import { SampleLine, type SampleRun, SampleRunSummary } from '../../../contract/documents/samples'
import { appendLines, countLines, readLines } from '../../base/files/line-file'
import { RunSummaries } from './run-summaries'
import { SAMPLE_RUNS } from './stored-documents'

/** Ending of the file with a run's answers, beside the run's `<id>.json`. Each line is one answer. */
export const ANSWERS = '.jsonl'

export async function removeSampleRun(folder: string, id: string): Promise<void> {
  await SAMPLE_RUNS.remove(folder, id, [ANSWERS])
}

/** Reads a file of answers, without duplicates. @throws WorkbenchError `bad-file` naming a line of another run */
export async function readAnswerLines(
  file: string,
  variants: ReadonlySet<string>,
  promptCount: number
): Promise<SampleLine[]> {
  const seen = new Set<string>()
  const answers: SampleLine[] = []
  for (const { line, where } of await readLines(file, { name: 'an answer', schema: SampleLine })) {
    if (!variants.has(line.variant) || line.prompt >= promptCount) {
      throw fileError(`${where}: the run has no variant ${JSON.stringify(line.variant)} with a prompt ${line.prompt}.`)
    }
    const key = JSON.stringify([line.variant, line.prompt, line.index])
    if (seen.has(key)) continue
    seen.add(key)
    answers.push(line)
  }
  return answers
}

/** Reads a run's answers in the order of generation. @throws WorkbenchError `bad-file` naming a line of another run */
export async function readSampleLines(folder: string, run: SampleRun): Promise<SampleLine[]> {
  const variants = new Set(run.variants.map(({ name }) => name))
  return readAnswerLines(linesFile(folder, run.id), variants, run.prompts.length)
}

export async function appendSampleLines(folder: string, id: string, lines: readonly SampleLine[]): Promise<void> {
  await appendLines(linesFile(folder, id), lines)
}

export const SAMPLE_SUMMARIES = new RunSummaries<SampleRun, SampleRunSummary>({
  name: 'sample run',
  documents: SAMPLE_RUNS,
  schema: SampleRunSummary,
  summarize: async (run, folder) => summarizeSampleRun(run, await countLines(linesFile(folder, run.id))),
  beside: (folder, id) => SAMPLE_RUNS.companion(folder, id, ANSWERS)
})

export function summarizeSampleRun(run: SampleRun, sampleCount: number): SampleRunSummary {
  return {
    id: run.id,
    checkpoints: { base: run.basePath.fingerprint, post: run.postPath.fingerprint },
    createdAt: run.createdAt,
    promptCount: run.prompts.length,
    variantNames: run.variants.map(({ name }) => name),
    sampleCount,
    sampleTotal: run.variants.length * run.prompts.length * run.settings.sampleCount,
    computed: {
      device: run.settings.device,
      precision: run.precision,
      weights: run.weights,
      promptCount: run.prompts.length,
      estimatedFrom: null,
      draws: run.settings.sampleCount,
      programVersion: run.programVersion
    }
  }
}

function linesFile(folder: string, id: string): string {
  return SAMPLE_RUNS.companion(folder, id, ANSWERS)
}
