import type { Component } from 'svelte'
import { STEPS, type StepId, type View } from './place'
import type { Session } from './session.svelte'

interface StepProps {
  session: Session
  view: View
}

export type StepView = Component<StepProps>

/** Views of the steps. They are not part of the window's first script. */
const LOADERS: Readonly<Record<StepId, () => Promise<{ default: StepView }>>> = {
  models: () => import('../models/ModelsStep.svelte'),
  ranges: () => import('../ranges/Ranges.svelte'),
  answers: () => import('../chat/AnswersStep.svelte'),
  evaluate: () => import('../evaluate/Evaluate.svelte'),
  export: () => import('../export/Export.svelte')
}

const views = new Map<StepId, Promise<StepView>>()

/** Loads the view of a step. A failed load is tried again the next time. */
export function stepView(step: StepId): Promise<StepView> {
  const loaded = views.get(step)
  if (loaded !== undefined) return loaded
  const loading = LOADERS[step]().then((module) => module.default)
  views.set(step, loading)
  loading.catch(() => views.delete(step))
  return loading
}

/** Loads all steps while the window is idle, so that each opens at once. */
export function loadStepsWhenIdle(): void {
  const load = (): void => {
    for (const { id } of STEPS) stepView(id).catch(() => undefined)
  }
  if ('requestIdleCallback' in window) requestIdleCallback(load)
  else setTimeout(load, 500)
}
