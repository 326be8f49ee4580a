import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EvaluationView } from '../../../../src/contract/documents/evaluation'
import { Task } from '../../../../src/contract/documents/task'
import { createProject } from '../../../../src/main/project/create-project'
import { openProject } from '../../../../src/main/project/open-project'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { runHere, slr, stoppedHere } from '../../../fixtures/command-line'
import { answers } from '../../../fixtures/held-engine'
import { questionsFile } from '../../../fixtures/open-questions'
import { always, startJudgeEndpoint } from '../../../fixtures/judge-endpoint'

/** A project of the demo pair, and the file of a small task beside it. */
async function projectWithTask(): Promise<{ folder: string; project: string; task: string }> {
  const folder = await temporaryFolder()
  const prompts = [{ text: 'Name a digit.', category: 'digit', valid: ['1', '2'] }]
  const project = await createProject({ folder, name: 'P', pair: { kind: 'demo', pair: 'blend' }, prompts })
  await project.close()
  return { folder, project: project.path, task: await questionsFile(folder, 2, 3) }
}

describe('slr evaluate', () => {
  it('measures variants on a task, and reuses answers of the project', async () => {
    const { project, task } = await projectWithTask()
    const args = ['evaluate', '--project', project, '--task', task, '4-11', 'post']
    const first = await runHere([...args, '--json'])
    expect(first.status).toBe(0)
    const view = EvaluationView.parse(JSON.parse(first.stdout))
    expect(view.complete).toBe(true)
    expect(view.results.comparedWith).toBe('post')
    expect(view.results.variants.map(({ variant, answerCount }) => [variant, answerCount])).toEqual([
      ['4-11', 6],
      ['post', 6]
    ])
    expect(view.results.variants[1]?.measures.accuracy?.mean).toBe(1)

    const lines = join(project, 'pairs/pair-1', 'evaluations', `${view.run.id}.jsonl`)
    const stored = await readFile(lines, 'utf8')
    const second = await runHere(args)
    expect(second.stderr).toContain(`Resuming evaluation ${view.run.id}: 12 answers are saved`)
    expect(second.stdout).toContain('Distinct right answers')
    expect(await readFile(lines, 'utf8')).toBe(stored)
  })

  it('reports on Ctrl-C what a project keeps, and the command that it names continues from there', async () => {
    const { project, task } = await projectWithTask()
    const args = ['evaluate', '--project', project, '--task', task, 'post', '--n', '50']
    const stopped = await stoppedHere(args, answers(20))
    expect(stopped.status).toBe(null)
    const [, kept, place, run] =
      /Stopped\. ([\d,]+) answers, the scores of 0 prompts are saved in (.*) as evaluation (\S+)\.\n/.exec(
        stopped.stderr
      ) ?? []
    expect({ kept, place }).toEqual({ kept: '20', place: project })
    expect(stopped.stderr).toMatch(`Resume: slr ${args.join(' ')}\n`)

    const { stderr } = await stoppedHere(args, answers(1))
    expect(stderr).toContain(`Resuming evaluation ${run}: 20 answers are saved`)
    expect(stderr).toContain('Stopped. 21 answers, ')
  })

  it('has answers judged only on request, reports the recipient, and sends no question twice', async () => {
    const { folder, project, task } = await projectWithTask()
    const { settings, host, requests, contacts } = await startJudgeEndpoint(always('10'))
    const ofPost = ['evaluate', '--project', project, '--task', task, 'post']
    const args = [...ofPost, '--quiet', '--json']
    const described = { url: settings.baseUrl, model: 'm', rate: 6000 }
    const judged = async (name: string, more: object): Promise<string[]> => {
      const file = join(folder, name)
      await writeFile(file, JSON.stringify({ ...described, ...more }))
      return ['--judge', file, '--allow-address', settings.baseUrl]
    }
    const judge = await judged('judge.yaml', {})
    const without = await runHere(args)
    expect(without.stderr).toBe('')
    expect(requests.length).toBe(0)
    const first = await runHere([...args, ...judge])
    expect(first.stderr).toContain(`they are sent to ${host} (another program on this machine)`)
    const view = EvaluationView.parse(JSON.parse(first.stdout))
    expect(view.results.variants[0]?.measures.judge).toMatchObject({ mean: 1, promptCount: 2 })
    const asked = requests.length
    expect(asked).toBeGreaterThan(0)
    const contactsOfFirst = contacts.count
    const again = await runHere([...args, ...judge])
    expect(contacts.count).toBe(contactsOfFirst)
    expect(again.stdout).toBe(first.stdout)
    expect(again.stderr).toContain(`${asked} of ${asked} verdicts are reused; nothing is sent.`)
    expect(again.stderr).not.toContain('leave this program')
    expect(requests.length).toBe(asked)
    // Another server with a model of that name gives verdicts of its own.
    const other = await startJudgeEndpoint(always('1'))
    const fromOther = await runHere([...args, '--judge', `m@${other.settings.baseUrl}`])
    expect(fromOther.stderr).toContain(`they are sent to ${other.host}`)
    expect(EvaluationView.parse(JSON.parse(fromOther.stdout)).results.variants[0]?.measures.judge?.mean).toBe(0)
    expect(other.requests.length).toBe(asked)
    expect((await runHere([...args, '--judge', 'm@http://u:p@host'])).status).toBe(2)
    const forms = await judged('forms.yaml', { way: 'forms' })

    const meant = EvaluationView.parse(JSON.parse((await runHere([...args, ...forms])).stdout))
    expect(meant.run).toMatchObject({ judge: { way: 'marks' }, formJudge: { way: 'forms' } })
    // The judge says 10 to everything: one answer, and none that is right.
    expect(meant.results.variants[0]?.measures).toMatchObject({
      ...{ accuracy: { mean: 1 }, accuracyForms: { mean: 0 }, distinctForms: { mean: 1 } }
    })
    const readOnce = requests.length
    expect(readOnce).toBeGreaterThan(asked)
    // Another evaluation that has the same answers sends none of them.
    const fewer = await runHere([...args, ...forms, '--n', '2'])
    const { results } = EvaluationView.parse(JSON.parse(fewer.stdout))
    expect(results.variants[0]?.measures.distinctForms?.mean).toBe(1)
    expect(requests.length).toBe(readOnce)
  })

  it('removes a run that is stopped before its first answer', async () => {
    const { project, task } = await projectWithTask()
    const args = ['evaluate', '--project', project, '--task', task, 'post']
    const { status, stderr } = await stoppedHere(args, ({ type }) => type === 'plan')
    expect(status).toBe(null)
    expect(stderr).toContain('Stopped. No answer was finished, so nothing is saved.\nStart again: slr evaluate')
    const again = await openProject(project)
    expect(again.firstPair.evaluations.runs).toEqual([])
    await again.close()
  })

  it('chooses what greedy decoding of post fails, and says of its results that failures regress to the mean', async () => {
    const { folder, project } = await projectWithTask()
    const out = join(folder, 'hard.json')
    const args = ['task', 'filter', '--project', project, '--task', 'demo-facts', '--out', out]
    const chosen = await runHere([...args, '--most', '3'])
    expect(chosen.stderr).toMatch(
      /3 prompts of “Demo: one right answer”,? that post.* missed, the first of 4\. It missed 4 of 20/
    )
    const again = await runHere([...args, '--quiet', '--json'])
    expect(again.stderr).toBe('')
    const { prompts } = Task.parse(JSON.parse(again.stdout))
    expect(prompts).toHaveLength(4)
    for (const { answers = [], failedWith = '' } of prompts) {
      expect(answers.flat()).not.toContain(failedWith.replace('.', '').toLowerCase())
    }
    // The greedy answers are one evaluation, made once.
    const stored = await readdir(join(project, 'pairs/pair-1', 'evaluations'))
    expect(stored.filter((name) => /^[^.]+\.json$/.test(name))).toHaveLength(1)

    const compared = await slr`evaluate --project ${project} --task hard --n 4 --json`
    expect(compared.stderr).toContain('Failures regress to the mean')
    const { run, results } = EvaluationView.parse(JSON.parse(compared.stdout))
    expect(run.notices[0]).toContain('in a separate run')
    const post = results.variants.find(({ variant }) => variant === 'post')
    expect(post?.measures.accuracy?.mean).toBeGreaterThan(0)

    expect((await runHere(['task', 'filter', '--blend-demo', '--task', 'demo-facts'])).stderr).toMatch(
      /no output is given/
    )
  })
})
