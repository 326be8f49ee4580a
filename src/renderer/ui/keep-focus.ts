/** Selects elements that can have the focus. */
const STOPS = 'button, a[href], input, select, textarea, summary, [tabindex="0"]'

/** Milliseconds to wait for a disabled element. An action that finishes sooner leaves the focus unchanged. */
const DISABLED_MS = 400

/** The last focus: its element and, from the inside out, the child index within each ancestor. */
interface FocusPosition {
  element: HTMLElement | SVGElement
  path: { parent: Element; index: number }[]
}

const isStop = (node: EventTarget | null): node is HTMLElement | SVGElement =>
  node instanceof HTMLElement || node instanceof SVGElement

function positionOf(element: HTMLElement | SVGElement): FocusPosition {
  const path: FocusPosition['path'] = []
  for (let inner: Element = element; inner.parentElement !== null; inner = inner.parentElement) {
    path.push({ parent: inner.parentElement, index: [...inner.parentElement.children].indexOf(inner) })
  }
  return { element, path }
}

/** Reports whether two buttons have the same `data-action`. */
function haveSameAction(first: Element, other: Element): boolean {
  const action = first.getAttribute('data-action')
  return action !== null && action === other.getAttribute('data-action')
}

/**
 * Finds the focusable element within `element` that is most like the lost one. Else it returns the element marked to
 * be read first. A field is never chosen in place of a button, because a key press would write into it.
 */
function stopIn(element: Element, lost: Element): HTMLElement | SVGElement | null {
  const stops = [element, ...element.querySelectorAll(STOPS)]
    .filter((stop) => stop.matches(STOPS) && !stop.matches(':disabled') && stop.checkVisibility())
    .filter(isStop)
  const sameTag = stops.filter(({ tagName }) => tagName === lost.tagName)
  return (
    sameTag.find((stop) => haveSameAction(stop, lost)) ??
    element.querySelector<HTMLElement>('[data-focus-target]') ??
    sameTag[0] ??
    stops.find((stop) => !stop.matches('input, select, textarea')) ??
    null
  )
}

/**
 * Finds the element marked to be read first among the added nodes, such as the panel of the job that a lost button
 * began. If the lost element carried the mark itself, its ancestors are searched, because the replacement may have
 * been added before.
 */
const focusTargetIn = (
  { element: lost, path }: FocusPosition,
  changes: readonly MutationRecord[]
): HTMLElement | null =>
  changes
    .flatMap(({ addedNodes }) => [...addedNodes])
    .filter((node) => node instanceof HTMLElement)
    .flatMap((node) => [node, ...node.querySelectorAll<HTMLElement>('[data-focus-target]')])
    .find((node) => node.matches('[data-focus-target]')) ??
  (lost.matches('[data-focus-target]')
    ? path.find(({ parent }) => parent.isConnected)?.parent.querySelector<HTMLElement>('[data-focus-target]')
    : null) ??
  null

/**
 * Finds the replacement of a lost element, or the focusable element nearest to its former position. Returns the view's
 * heading if there is none.
 */
function nextTo({ element, path }: FocusPosition): HTMLElement | SVGElement | null {
  for (const { parent, index } of path) {
    if (!parent.isConnected) continue
    // The content of a popover is removed when it closes, before the browser would focus its button.
    if (parent.matches('[popover]:not(:popover-open)')) {
      const opener = document.querySelector<HTMLElement>(`[popovertarget="${parent.id}"]`)
      if (opener !== null) return opener
    }
    // Outside the view is the frame, whose first button is far from the lost one.
    if (parent.querySelector('main') !== null) break
    const children = [...parent.children]
    const nearest = [...children.slice(index), ...children.slice(0, index).reverse()]
    // An element of the same action is preferred, however far: "move up" comes before "remove" after "move down".
    const sameAction = nearest.find(
      (child) => child.matches(`:is(${STOPS}):not(:disabled)`) && haveSameAction(child, element)
    )
    for (const child of sameAction === undefined ? nearest : [sameAction]) {
      const stop = stopIn(child, element)
      if (stop !== null) return stop
    }
    if (parent.matches('dialog')) break
  }
  const heading = document.querySelector<HTMLElement>('main h1')
  if (heading !== null) heading.tabIndex = -1
  return heading
}

/**
 * Restores the focus when the focused element is removed, or disabled for a while. A screen reader would otherwise
 * start at the top of the page, and key presses would reach no element. A user who leaves a field or clicks beside all
 * fields keeps no focus.
 *
 * @returns a function that stops it
 */
export function keepFocus(body: HTMLElement): () => void {
  let lastFocus: FocusPosition | null = null
  const isLost = (): boolean => document.activeElement === null || document.activeElement === body
  const canHaveFocus = ({ element }: FocusPosition): boolean => element.isConnected && !element.matches(':disabled')

  const handleFocus = ({ target }: FocusEvent): void => {
    if (isStop(target) && target !== body) lastFocus = positionOf(target)
  }
  const handleBlur = ({ target }: FocusEvent): void => {
    const before = lastFocus
    // Whether the element was left or removed shows only after this event.
    setTimeout(() => {
      if (lastFocus === before && before !== null && before.element === target && canHaveFocus(before) && isLost())
        lastFocus = null
    })
  }
  const restoreFocus = (focusTarget: HTMLElement | null): void => {
    if (lastFocus === null || !isLost()) return
    if (canHaveFocus(lastFocus)) return lastFocus.element.focus({ preventScroll: true })
    const next = focusTarget?.isConnected === true ? focusTarget : nextTo(lastFocus)
    next?.focus({ preventScroll: true })
  }
  const wasMoved = ({ element }: FocusPosition, changes: readonly MutationRecord[]): boolean =>
    element.isConnected && changes.some(({ removedNodes }) => [...removedNodes].some((node) => node.contains(element)))
  const handleMutations = (changes: readonly MutationRecord[]): void => {
    // Moving an element, such as a row in a new sort order, removes the focus. The focus is restored now, before the
    // loss counts as leaving.
    if (lastFocus !== null && isLost() && wasMoved(lastFocus, changes)) lastFocus.element.focus({ preventScroll: true })
    // A disabled element keeps the focus until the page is drawn again.
    if (lastFocus === null || (!isLost() && canHaveFocus(lastFocus))) return
    // The code that removed the element may set the focus itself, and a disabled element may soon be enabled again.
    const isTaken = !lastFocus.element.isConnected
    const focusTarget = isTaken && lastFocus.element.matches('button') ? focusTargetIn(lastFocus, changes) : null
    setTimeout(() => restoreFocus(focusTarget), isTaken || canHaveFocus(lastFocus) ? 0 : DISABLED_MS)
  }
  const observer = new MutationObserver(handleMutations)
  document.addEventListener('focusin', handleFocus)
  document.addEventListener('focusout', handleBlur)
  observer.observe(body, { subtree: true, childList: true, attributeFilter: ['disabled'] })
  return () => {
    observer.disconnect()
    document.removeEventListener('focusin', handleFocus)
    document.removeEventListener('focusout', handleBlur)
  }
}
