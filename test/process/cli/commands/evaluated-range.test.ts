import { expect, it } from 'vitest'
import { DEFAULT_JUDGE } from '../../../../src/contract/documents/judge'
import { sweptRangeModel } from '../../../../src/contract/model/model'
import { builtinTask } from '../../../../src/main/evaluation/builtin-tasks'
import { openProject } from '../../../../src/main/project/open-project'
import { OpenProjects } from '../../../../src/main/workbench/open-projects'
import { runHere } from '../../../fixtures/command-line'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { sampleLine } from '../../../fixtures/sample-documents'
import { sweptShort } from '../../../fixtures/swept-project'

/** Has an evaluation in the project that asked post, which answered rightly, and the range that its sweep selects, which did not. */
async function evaluateToALoss(path: string): Promise<void> {
  const project = await openProject(path)
  const own = project.firstPair
  const [summary] = own.sweeps
  if (!summary?.selected) throw new Error('nothing is selected')
  const { basePath, postPath } = await own.readSweep(summary.id)
  const task = await builtinTask('demo-facts')
  const { recipe } = sweptRangeModel(summary.selected, summary)
  const run = evaluationRun({
    ...{ basePath, postPath },
    task: { ...task, settings: { ...task.settings, sampleCount: 1 } },
    variants: [{ variant: { kind: 'post', name: 'post' } }, { variant: { kind: 'recipe', name: 'range', recipe } }]
  })
  await own.evaluations.add(run)
  const lines = task.prompts.flatMap(({ answers = [] }, prompt) => {
    const [text = ''] = answers.flat()
    // But for one, so that differences differ.
    return [sampleLine({ prompt, text }), sampleLine({ variant: 'range', prompt, text: prompt === 0 ? text : '?' })]
  })
  await own.evaluations.appendSamples(run.id, lines)
  for (const prompt of task.prompts.keys())
    await own.evaluations.append(run.id, 'scores', [{ prompt, cells: [], map: [], explained: [0, 0] }])
  // A judge that never replied leaves the right answers as they are.
  await own.evaluations.noteJudge(run.id, {
    ...DEFAULT_JUDGE,
    baseUrl: 'http://127.0.0.1:1/v1',
    model: 'm',
    rubric: 'Mark it.'
  })
  await project.close()
}

it('says of a range that a project has evaluated to a loss, with what its sweep and its check find', async () => {
  const { project } = await sweptShort()
  const loss = /^Layers 4–5: .*, and \d+ % fewer right answers\./m
  const sweep = () => runHere(['sweep', '--no-check', '--project', project, '--uniform-blends', '2', '--quiet'])

  await evaluateToALoss(project)
  expect((await sweep()).stdout).toMatch(loss)
  // The list of recent projects says the same.
  const projects = new OpenProjects()
  await projects.open(project, undefined)
  const listed = await projects.recent(() => [])
  expect(listed.find(({ path }) => path === project)?.result).toMatch(loss)
  await projects.closeAll()
  // On full answers the prompts do not fit post, which is worse than what other prompts found.
  const checked = await runHere(['check', '--project', project, '--best', '1', '--quiet', '--details'])
  expect(checked.stdout).not.toMatch(/^Restore/m)
  expect(checked.stdout).toMatch(/^Evaluated on .*: \d+ % fewer right answers\.$/m)
})
